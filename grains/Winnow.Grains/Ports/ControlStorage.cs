namespace Winnow.Grains.Ports;

/// <summary>
/// The grain storage of control states, which the host registers, and the names of the states in it: each is the type of its grain too.
/// <c>ControlStates</c> says what becomes of each of them.
/// </summary>
public static class ControlStorage
{
    public const string Name = "control";

    public const string Dataset = "dataset";
    public const string Round = "round";

    /// <summary>Records, of which a dataset has many: see <see cref="IControlRecords"/>.</summary>
    public const string RoundEntry = "round-entry";
    public const string Version = "version";
    public const string Policies = "policies";
    public const string Schema = "schema";
    public const string Selection = "selection";
    public const string QueueTurn = "queue-turn";

    /// <summary>The kinds that no grain keeps as its own state.</summary>
    public static readonly IReadOnlyList<string> Records = [RoundEntry, Version, Policies, Schema, Selection, QueueTurn];

    public const string Access = "access";
    public const string BucketSources = "bucket-sources";
    public const string BucketSource = "bucket-source";
    public const string ApiKey = "api-key";
    public const string ApiKeys = "api-keys";
    public const string Preferences = "preferences";
}
