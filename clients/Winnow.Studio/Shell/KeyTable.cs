namespace Winnow.Studio.Shell;

/// <summary>What a key does on a page.</summary>
/// <param name="Name">The act, in small letters.</param>
/// <param name="Keys">The keys that the studio comes with; the page is told the first, whichever was pressed.</param>
/// <param name="Says">In words.</param>
public sealed record KeyAct(string Name, IReadOnlyList<string> Keys, string Says);

/// <summary>The acts of a page that keys work.</summary>
/// <param name="Page">In small letters.</param>
/// <param name="Title">For people.</param>
/// <param name="Acts">Each key works one of them.</param>
public sealed record KeyTable(string Page, string Title, IReadOnlyList<KeyAct> Acts)
{
    /// <summary>The name under which a person's own key of an act is kept.</summary>
    public string NameOf(KeyAct act) => $"{Page}.{act.Name}";
}
