using Winnow.Model.Security;

namespace Winnow.Studio.Shell;

/// <summary>
/// The keys of a page as one person has them: those that the studio comes with, but for acts that have a key of their own. No key works two
/// acts: one's own comes before another act's first one.
/// </summary>
internal sealed class BoundKeys
{
    private readonly Dictionary<string, KeyAct> _acts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _keys = new(StringComparer.Ordinal);

    public BoundKeys(KeyTable table, IReadOnlyList<OwnKey> own)
    {
        var mine = own.ToDictionary(o => o.Act, o => o.Key, StringComparer.Ordinal);
        foreach (var act in table.Acts)
            if (mine.TryGetValue(table.NameOf(act), out var key)) _acts[key] = act;
        foreach (var act in table.Acts)
        {
            if (!mine.ContainsKey(table.NameOf(act)))
                foreach (var key in act.Keys) _acts.TryAdd(key, act);
            _keys[act.Name] = [.. _acts.Where(a => a.Value == act).Select(a => a.Key)];
        }
    }

    /// <summary>All keys that do something.</summary>
    public IEnumerable<string> All => _acts.Keys;

    /// <summary>The act that a key works; null where it works none.</summary>
    public KeyAct? ActOf(string key) => _acts.GetValueOrDefault(key);

    /// <summary>The keys of an act; none where another act has taken them.</summary>
    public IReadOnlyList<string> Of(KeyAct act) => _keys.GetValueOrDefault(act.Name) ?? [];

    /// <summary>The key that a person presses for one that the studio comes with; that one itself where it works nothing here.</summary>
    public string ShownFor(string key, KeyTable table) =>
        table.Acts.FirstOrDefault(a => a.Keys.Contains(key)) is not { } act ? key
            : _acts.GetValueOrDefault(key) == act ? key
            : Of(act) is [var own, ..] ? own : "–";
}
