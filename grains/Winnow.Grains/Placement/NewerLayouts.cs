namespace Winnow.Grains.Placement;

/// <summary>
/// Whether what only this release reads may be written: as long as a silo of the last one is in the cluster, grains may move there, and it
/// would take what it cannot find for lost. Until then everything is kept in the places of the last release.
/// </summary>
/// <param name="silos">What each silo that is in the cluster now tells of itself.</param>
internal sealed class NewerLayouts(Func<IEnumerable<IReadOnlyDictionary<string, string>>> silos)
{
    /// <summary>Whether rounds, versions, policies and selections may be records of their own.</summary>
    public bool MayKeepRecords()
    {
        var all = silos().ToList();
        return all.Count > 0 && all.TrueForAll(traits => traits.ContainsKey(SiloTraits.Records));
    }
}
