using Winnow.Model.Datasets;

namespace Winnow.Grains.Backup;

/// <summary>Counts what a verification finds.</summary>
internal sealed class FindingBook
{
    private const int MostSamples = 20;

    private sealed class Page
    {
        public long Count;
        public long Bytes;
        public long Repaired;
        public readonly List<string> Samples = [];
    }

    private readonly SortedDictionary<FindingKind, Page> _pages = [];

    public void Add(FindingKind kind, string what, long bytes = 0)
    {
        if (!_pages.TryGetValue(kind, out var page)) _pages.Add(kind, page = new Page());
        page.Count++;
        page.Bytes += bytes;
        if (page.Samples.Count < MostSamples) page.Samples.Add(what);
    }

    public void Repaired(FindingKind kind) => _pages[kind].Repaired++;

    public IReadOnlyList<Finding> ToList() =>
    [
        .. _pages.Select(p => new Finding(p.Key, IsExpected(p.Key), p.Value.Count, p.Value.Bytes, p.Value.Samples, p.Value.Repaired))
            .OrderBy(f => f.Expected),
    ];

    private static bool IsExpected(FindingKind kind) => kind is >= FindingKind.Superseded and < FindingKind.LeftOfDeleted;
}
