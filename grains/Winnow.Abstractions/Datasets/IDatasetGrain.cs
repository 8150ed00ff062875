using Winnow.Abstractions.Training;
using Winnow.Model.Datasets;
using Winnow.Model.Overview;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Abstractions.Datasets;

/// <summary>A refusal with a reason that a person can act on. It becomes a problem response at the front door.</summary>
[GenerateSerializer, Alias("winnow.refused")]
public sealed class RefusedException : Exception
{
    public RefusedException(string message) : base(message) { }

    public RefusedException(string message, Exception inner) : base(message, inner) { }

    /// <summary>
    /// Which refusal it is, of <see cref="Winnow.Model.RefusalCodes"/>: then it is one by what stands already, and becomes 409. Null for
    /// all others.
    /// </summary>
    [Id(0)]
    public string? Code { get; init; }
}

/// <summary>The datasets of a cluster. Key: 0.</summary>
[Alias("winnow.catalog")]
public interface ICatalogGrain : IGrainWithIntegerKey
{
    /// <summary>Creates a dataset. The same request again is answered with the dataset; another one under its name is refused.</summary>
    /// <exception cref="RefusedException">The name, the schema or a setting is not sound, or the name is taken.</exception>
    [Alias("create")]
    Task<DatasetInfo> CreateAsync(CreateDataset command, string actor, CancellationToken cancellationToken);

    /// <summary>All datasets, by name.</summary>
    [Alias("list")]
    Task<DatasetInfo[]> ListAsync(CancellationToken cancellationToken);

    /// <summary>One dataset; null when there is none of that name.</summary>
    [Alias("find")]
    Task<DatasetInfo?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Answers: grains can be reached.</summary>
    [Alias("ping")]
    Task PingAsync(CancellationToken cancellationToken);

    /// <summary>Every dataset that was deleted, by whom and when, oldest first.</summary>
    [Alias("deletions")]
    Task<DatasetDeletion[]> ListDeletionsAsync(CancellationToken cancellationToken);

    /// <summary>Wakes every dataset, so that unfinished scoring, rounds and deletions go on after a start.</summary>
    [Alias("resume"), ResponseTimeout(LongCall.Opening)]
    Task ResumeAsync(CancellationToken cancellationToken);
}

/// <summary>One dataset: its learning state, rounds, models and versions. Key: its name.</summary>
[Alias("winnow.dataset")]
public interface IDatasetGrain : IGrainWithStringKey
{
    /// <summary>Where it stands.</summary>
    [Alias("status")]
    Task<DatasetStatus> GetStatusAsync(CancellationToken cancellationToken);

    /// <summary>Wakes the shards and the unfinished rounds.</summary>
    [Alias("resume"), ResponseTimeout(LongCall.Opening)]
    Task ResumeAsync(CancellationToken cancellationToken);

    /// <summary>Starts the next round of an arm. The same operation id starts one round.</summary>
    /// <exception cref="RefusedException">The arm has an unfinished round, a name is unknown or a number out of range.</exception>
    [Alias("start-round")]
    Task<RoundInfo> StartRoundAsync(StartRound command, Guid operationId, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a round by hand: it asks nobody any more and goes on with what people said. One that has ended is answered as it is; null when
    /// there is none.
    /// </summary>
    [Alias("end-round")]
    Task<RoundInfo?> EndRoundAsync(string arm, int number, Guid operationId, CancellationToken cancellationToken);

    /// <summary>All rounds, oldest first.</summary>
    [Alias("rounds")]
    Task<RoundInfo[]> GetRoundsAsync(CancellationToken cancellationToken);

    /// <summary>One learning curve per arm.</summary>
    [Alias("curves")]
    Task<LearningCurveInfo[]> GetCurvesAsync(CancellationToken cancellationToken);

    /// <summary>The policies that hold.</summary>
    [Alias("policies")]
    Task<DatasetPolicies> GetPoliciesAsync(CancellationToken cancellationToken);

    /// <summary>All policies that ever held, oldest first.</summary>
    [Alias("list-policies")]
    Task<DatasetPolicies[]> ListPoliciesAsync(CancellationToken cancellationToken);

    /// <summary>What each person did in the dataset, by name.</summary>
    [Alias("people"), ResponseTimeout(LongCall.Limit)]
    Task<PersonWork[]> GetPeopleAsync(CancellationToken cancellationToken);

    /// <summary>Changes policies, and answers with those that hold then. The same change again changes nothing.</summary>
    /// <exception cref="RefusedException">A value is out of range, a name unknown, or the policies are of another version by
    /// now.</exception>
    [Alias("change-policies")]
    Task<DatasetPolicies> ChangePoliciesAsync(ChangePolicies change, string actor, CancellationToken cancellationToken);

    /// <summary>The label schema as it is now, and how far the asking again has come that it brought with it.</summary>
    [Alias("schema")]
    Task<SchemaState> GetSchemaAsync(CancellationToken cancellationToken);

    /// <summary>All versions of the label schema, oldest first.</summary>
    [Alias("list-schemas")]
    Task<SchemaVersion[]> ListSchemasAsync(CancellationToken cancellationToken);

    /// <summary>A page of them: one more than was asked for, where others follow, so that whoever asks sees it.</summary>
    /// <param name="after">The number of the one before the page; 0 for the first.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="classes">How many classes they may have together, where they are several.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [Alias("list-schemas-after")]
    Task<SchemaVersion[]> ListSchemasAfterAsync(int after, int most, int classes, CancellationToken cancellationToken);

    /// <summary>Makes the next version of the label schema. The same operation id makes one version.</summary>
    /// <exception cref="RefusedException">
    /// A change cannot be made, another version is the newest by now, or the operation id is another's.
    /// </exception>
    [Alias("change-schema")]
    Task<SchemaState> ChangeSchemaAsync(ChangeSchema change, Guid operationId, string actor, CancellationToken cancellationToken);

    /// <summary>What shards need to know.</summary>
    [Alias("learning")]
    Task<LearningState> GetLearningAsync(CancellationToken cancellationToken);

    /// <summary>Draws the audit sample and fits the projection where that has not been done, and tells the shards.</summary>
    /// <exception cref="RefusedException">There are not enough embedded images.</exception>
    [Alias("prepare"), ResponseTimeout(LongCall.Limit)]
    Task<LearningState> PrepareLearningAsync(CancellationToken cancellationToken);

    /// <summary>The champion of an arm with its head's object key; null before the first promotion.</summary>
    [Alias("champion")]
    Task<PromotedModel?> GetChampionAsync(string arm, CancellationToken cancellationToken);

    /// <summary>
    /// Records how a round ended for its candidate, once: a repeated call is answered with what was settled first, whatever it brings.
    /// </summary>
    [Alias("settle")]
    Task<SettleRound> SettleRoundAsync(SettleRound command, CancellationToken cancellationToken);

    /// <summary>A round has ended.</summary>
    [Alias("round-ended")]
    Task RoundEndedAsync(RoundInfo round, CancellationToken cancellationToken);

    /// <summary>Makes an immutable snapshot. The same operation id makes one version.</summary>
    [Alias("create-version"), ResponseTimeout(LongCall.Limit)]
    Task<DatasetVersion> CreateVersionAsync(CreateVersion command, Guid operationId, string actor, CancellationToken cancellationToken);

    /// <summary>All versions, oldest first.</summary>
    [Alias("versions")]
    Task<DatasetVersion[]> GetVersionsAsync(CancellationToken cancellationToken);

    /// <summary>One version with the object that holds its manifest; null when there is none of that number.</summary>
    [Alias("stored-version")]
    Task<StoredVersion?> FindVersionAsync(int number, CancellationToken cancellationToken);
}

/// <summary>A candidate and whether it is to be promoted.</summary>
[GenerateSerializer, Immutable, Alias("winnow.settle-round")]
public sealed record SettleRound([property: Id(0)] ModelVersion Model, [property: Id(1)] string HeadKey, [property: Id(2)] bool Promote);

/// <summary>A version with the object that holds its manifest.</summary>
[GenerateSerializer, Immutable, Alias("winnow.stored-version")]
public sealed record StoredVersion([property: Id(0)] DatasetVersion Version, [property: Id(1)] string ManifestKey);

/// <summary>A promoted model with the object that holds its head.</summary>
[GenerateSerializer, Immutable, Alias("winnow.promoted-model")]
public sealed record PromotedModel([property: Id(0)] ModelVersion Model, [property: Id(1)] string HeadKey);
