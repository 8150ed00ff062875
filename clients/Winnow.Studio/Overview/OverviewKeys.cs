using Winnow.Studio.Shell;

namespace Winnow.Studio.Overview;

/// <summary>The acts of the overview.</summary>
internal static class OverviewKeys
{
    public static readonly KeyTable Table = new("overview", "Overview", [new("main", ["Enter"], "what is to be done next")]);
}
