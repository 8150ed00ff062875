using Winnow.Grains.Ports;
using Winnow.Model.Health;
using Winnow.Model.Names;
using Winnow.Model.Security;

namespace Winnow.Grains.SetAside;

/// <summary>What is said of things that are set aside: what they are called, and what somebody can do. Pure.</summary>
internal static class SetAsideWords
{
    private const string Whole =
        "Mend it in the ledger, or restore a backup of the dataset under another name; then discard the dataset, and its name is free "
        + "again.";

    /// <summary>Whether a part of a dataset can only go with all of it.</summary>
    public static bool NeedsDataset(SetAsideItem item) =>
        item.Kind is SetAsideKind.Shard or SetAsideKind.Image
        || (item.Kind == SetAsideKind.State && WithTheDataset.Contains(StateOf(item.Name).Type));

    private static readonly string[] WithTheDataset = [ControlStorage.Dataset, ControlStorage.RoundEntry, ControlStorage.Version];

    public static SetAsideItem Of(UnreadableDataset dataset) =>
        new(SetAsideKind.Dataset, dataset.Name, dataset.Name, ShownText.Clean(dataset.Problem), Whole);

    public static SetAsideItem Of(UnreadableState state)
    {
        var slash = state.GrainKey.IndexOf('/', StringComparison.Ordinal);
        var dataset = !ControlStates.OfDataset.Contains(state.GrainType) || state.GrainKey == AccessScope.Cluster ? null
            : slash < 0 ? state.GrainKey : state.GrainKey[..slash];
        return new SetAsideItem(
            SetAsideKind.State, $"{state.GrainType}/{state.GrainKey}", dataset, ShownText.Clean(state.Problem), WhatToDo(state, dataset));
    }

    /// <summary>The grain that a name is of.</summary>
    public static (string Type, string Key) StateOf(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return (name[..slash], name[(slash + 1)..]);
    }

    private static string WhatToDo(UnreadableState state, string? dataset) => state.GrainType switch
    {
        ControlStorage.Dataset or ControlStorage.RoundEntry or ControlStorage.Version => Whole,
        ControlStorage.Policies => "Discard it: the policies before it hold again.",
        ControlStorage.Selection =>
            "Discard it: the round goes on, and what it asked people stays asked. Backups no longer tell what it chose.",
        "round" => "Discard it: the round has failed then, labels are kept, and another can be started.",
        "access" when dataset is null => "Nobody's role on the cluster counts until it is mended or discarded; the operator's key "
            + "(Api:Key) opens the server. Discard it and grant the roles anew.",
        "access" => "Nobody's role on this dataset counts until it is mended or discarded. Discard it and grant the roles anew; who "
            + "has a role on the cluster can.",
        "api-key" => "The key opens nothing. Discard it and make another.",
        "api-keys" => "Keys cannot be listed or made. Discard it: the list is made anew from the keys that there are.",
        "bucket-source" => "Discard it: the bucket is read from its beginning, and images that are here already are not taken twice.",
        _ => "Discard it and add the bucket sources anew.",
    };
}
