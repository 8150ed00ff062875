using Winnow.Grains.Buckets;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Review;
using Winnow.Grains.Security;
using Winnow.Grains.Training;
using Winnow.Model.Policies;

namespace Winnow.Grains;

/// <summary>One kind of state that a control grain keeps.</summary>
/// <param name="Name">Of the state, and of its grain's type.</param>
/// <param name="State">What it is read as.</param>
/// <param name="OfDataset">Whether it is one dataset's, and goes when that is deleted; otherwise the cluster's.</param>
/// <param name="NotInBackup">Why a backup of a dataset leaves it out; null: it is in there.</param>
public sealed record ControlStateKind(string Name, Type State, bool OfDataset, string? NotInBackup);

/// <summary>
/// Every kind of control state, in one list: what checks, backs up, restores and deletes goes by it. A grain with a state that is not here
/// fails a test, and so does one that is neither in a backup nor left out of it with a reason.
/// </summary>
public static class ControlStates
{
    private const string Whose = "Who may do what is decided where the dataset is restored; whoever restores it owns it.";
    private const string Places = "Buckets and their secrets are of the cluster that reads them.";
    private const string Turns = "Which queue hands out the tasks is settled where they are handed out.";
    private const string Own = "How a person has the studio is theirs at the cluster that they work at, and nothing of any dataset.";
    private const string Keys = "Keys open the cluster that made them.";

    public static IReadOnlyList<ControlStateKind> All { get; } =
    [
        new(ControlStorage.Dataset, typeof(DatasetState), OfDataset: true, NotInBackup: null),
        new(ControlStorage.RoundEntry, typeof(RoundEntry), OfDataset: true, NotInBackup: null),
        new(ControlStorage.Version, typeof(VersionEntry), OfDataset: true, NotInBackup: null),
        new(ControlStorage.Policies, typeof(DatasetPolicies), OfDataset: true, NotInBackup: null),
        new(ControlStorage.Schema, typeof(SchemaEntry), OfDataset: true, NotInBackup: null),
        new(ControlStorage.Round, typeof(RoundState), OfDataset: true, NotInBackup: null),
        new(ControlStorage.Selection, typeof(RoundSelection), OfDataset: true, NotInBackup: null),
        new(ControlStorage.QueueTurn, typeof(QueueTurnState), OfDataset: true, Turns),
        new(ControlStorage.Access, typeof(AccessState), OfDataset: true, Whose),
        new(ControlStorage.BucketSources, typeof(BucketSourcesState), OfDataset: true, Places),
        new(ControlStorage.BucketSource, typeof(BucketSourceState), OfDataset: true, Places),
        new(ControlStorage.ApiKey, typeof(ApiKeyState), OfDataset: false, Keys),
        new(ControlStorage.ApiKeys, typeof(ApiKeyIndexState), OfDataset: false, Keys),
        new(ControlStorage.Preferences, typeof(PreferencesState), OfDataset: false, Own),
    ];

    /// <summary>Names of those of one dataset: the grain's key is the dataset's name, alone or followed by '/'.</summary>
    public static IReadOnlyList<string> OfDataset { get; } = [.. All.Where(k => k.OfDataset).Select(k => k.Name)];

    /// <summary>Names of those of the cluster. <c>access</c> is one of them too, for the scope of the whole cluster.</summary>
    public static IReadOnlyList<string> OfCluster { get; } = [.. All.Where(k => !k.OfDataset).Select(k => k.Name)];
}
