using Winnow.Abstractions.Health;
using Winnow.Grains.Placement;
using Winnow.Model.Health;

namespace Winnow.Grains.Health;

/// <inheritdoc cref="ISetAsideNotesGrain"/>
// Its memory is all that it has.
[KeepAlive, SiloRole(SiloTraits.Core), GrainType("set-aside-notes")]
internal sealed class SetAsideNotesGrain(TimeProvider time) : Grain, ISetAsideNotesGrain
{
    /// <summary>Every shard is woken several times within it, and says again what is wrong with it.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    private const int Most = 10_000;

    private readonly Dictionary<(SetAsideKind Kind, string Name), (SetAsideItem Item, long At)> _notes = [];

    public Task NoteAsync(SetAsideItem item, CancellationToken cancellationToken)
    {
        if (_notes.Count < Most || _notes.ContainsKey((item.Kind, item.Name))) _notes[(item.Kind, item.Name)] = (item, time.GetTimestamp());
        return Task.CompletedTask;
    }

    public Task ForgetAsync(SetAsideKind kind, string name, CancellationToken cancellationToken)
    {
        _notes.Remove((kind, name));
        return Task.CompletedTask;
    }

    public Task ForgetDatasetAsync(string dataset, CancellationToken cancellationToken)
    {
        foreach (var (key, note) in _notes.ToArray())
            if (note.Item.Dataset == dataset) _notes.Remove(key);
        return Task.CompletedTask;
    }

    public Task<SetAsideItem[]> ListAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, note) in _notes.ToArray())
            if (time.GetElapsedTime(note.At) > Lifetime) _notes.Remove(key);
        return Task.FromResult<SetAsideItem[]>([.. _notes.Values.Select(n => n.Item)]);
    }
}
