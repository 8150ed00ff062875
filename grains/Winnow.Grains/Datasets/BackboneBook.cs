using Winnow.Abstractions.Training;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Training;

namespace Winnow.Grains.Datasets;

/// <summary>A backbone as its dataset remembers it.</summary>
public sealed class BackboneEntry
{
    public required string Name { get; set; }

    /// <summary>How far it has come. Whether it serves is said by the book, so that two can never be said to.</summary>
    public BackboneStage Stage { get; set; }

    /// <summary>
    /// What it had when it served last, or was fitted for it since; null while it serves, when the learning state has them.
    /// </summary>
    public string? ProjectionKey { get; set; }
    public string? HeadKey { get; set; }
    public string? ModelName { get; set; }

    /// <summary>Whether a round was started on it: then its projection belongs to that round, and stays with it.</summary>
    public bool Used { get; set; }

    /// <summary>Who; null of the one that the dataset was created with.</summary>
    public string? AddedBy { get; set; }
    public DateTimeOffset? AddedAt { get; set; }
}

/// <summary>An operation on the backbones, so that its id does nothing a second time.</summary>
public sealed record BackboneOperation(Guid OperationId, string By, Guid Content, DateTimeOffset At);

/// <summary>
/// The backbones of a dataset. At most one serves, and what heads, projections and scores it goes by stands in the learning state; what the
/// others go by stands here. Turning to another exchanges the two, so a head never stands beside the projection of another space.
/// </summary>
public sealed class BackboneBook
{
    /// <summary>Operations that are remembered. Who repeats one does so at once, not after a thousand others.</summary>
    private const int MostOperations = 1_000;

    /// <summary>Most backbones that a dataset keeps.</summary>
    public const int Most = 16;

    /// <summary>The one that serves; null while it is the one that the dataset was created with and no other was ever added.</summary>
    public string? Serving { get; set; }

    /// <summary>All of them; empty while there is only the one that the dataset was created with.</summary>
    public List<BackboneEntry> All { get; set; } = [];

    public List<BackboneOperation> Operations { get; set; } = [];

    public BackboneEntry? Find(string name) => All.Find(b => b.Name == name);

    /// <summary>The spaces that shards keep beside the one that serves.</summary>
    public LearnedSpace[] Others() =>
    [
        .. All.Where(b => b.Name != Serving && b.Stage != BackboneStage.Dropped)
            .Select(b => new LearnedSpace(b.Name, b.ProjectionKey, b.HeadKey, b.ModelName)),
    ];

    /// <summary>Remembers an operation.</summary>
    public void Note(BackboneOperation operation)
    {
        Operations.Add(operation);
        if (Operations.Count > MostOperations) Operations.RemoveRange(0, Operations.Count - MostOperations);
    }

    /// <summary>Adds one, and the one that serves where it is not written down yet.</summary>
    public BackboneEntry Add(string name, string created, string by, DateTimeOffset at)
    {
        Serving ??= created;
        if (Find(created) is null && All.Count == 0) All.Add(new BackboneEntry { Name = created, Stage = BackboneStage.Ready });
        var entry = new BackboneEntry { Name = name, AddedBy = by, AddedAt = at };
        All.Add(entry);
        return entry;
    }

    /// <summary>Turns to another one: what the learning state goes by moves here, and what that one goes by there.</summary>
    public void Switch(BackboneEntry to, LearningStateRecord learning)
    {
        var from = Find(Serving!)!;
        (from.ProjectionKey, from.HeadKey, from.ModelName) = (learning.ProjectionKey, learning.HeadKey, learning.ModelName);
        (learning.ProjectionKey, learning.HeadKey, learning.ModelName) = (to.ProjectionKey, to.HeadKey, to.ModelName);
        (to.ProjectionKey, to.HeadKey, to.ModelName) = (null, null, null);
        Serving = to.Name;
        learning.Sequence++;
    }

    internal string? Check() => MemberRules.Each("all", All, b => MemberRules.Text("name", b.Name, 100, least: 1))
        ?? MemberRules.Each("operations", Operations, _ => null)
        ?? (All.Count == 0 ? null : Serving is not null && Find(Serving) is { Stage: BackboneStage.Ready } ? null
            : $"serving is none that is ready: {ShownText.Quote(Serving)}.");

    /// <summary>The first thing that is wrong with a book that came from elsewhere. Objects are named in it without the dataset.</summary>
    internal string? CheckWhole(IReadOnlyList<RoundEntry> rounds, DateTimeOffset latest)
    {
        if (All.Count == 0 && Serving is not null) return "serving is missing among them.";
        if (All.Count > Most) return $"all has more than {Most} entries.";
        if (Operations.Count > MostOperations) return $"operations has more than {MostOperations} entries.";
        var names = new HashSet<string>(StringComparer.Ordinal);
        return MemberRules.Each("all", All, b => CheckEntry(b, rounds, latest) ?? (names.Add(b.Name) ? null : "name stands twice."))
            ?? MemberRules.Each("operations", Operations, o => MemberRules.Id("operationId", o.OperationId)
                ?? ActorName.Check("by", o.By) ?? MemberRules.Date("at", o.At, latest));
    }

    private string? CheckEntry(BackboneEntry entry, IReadOnlyList<RoundEntry> rounds, DateTimeOffset latest)
    {
        if (entry.Stage is not (BackboneStage.Making or BackboneStage.Ready or BackboneStage.Dropped)) return "stage is none of an entry.";
        if (entry.AddedBy is not null && ActorName.Check("addedBy", entry.AddedBy) is { } nobody) return nobody;
        if (MemberRules.DateOrNone("addedAt", entry.AddedAt, latest) is { } never) return never;
        if (entry.ProjectionKey is null)
            return entry.HeadKey is null && entry.ModelName is null ? null : "projectionKey is missing where there is a head.";
        if (!ObjectNames.IsProjection(entry.ProjectionKey, out var projection))
            return $"projectionKey {ShownText.Quote(entry.ProjectionKey)} is none of a dataset.";
        if (entry.Name == Serving) return "projectionKey stands in the learning state while it serves.";
        if (entry.HeadKey is null) return entry.ModelName is null ? null : "modelName names a model without a head.";
        var champion = rounds.FirstOrDefault(r => r.Arm == Arms.Main && r.Promoted == true && r.Model!.Name == entry.ModelName);
        return champion is null ? $"modelName {ShownText.Quote(entry.ModelName)} is no model that was promoted."
            : champion.Model!.ProjectionSha256 != projection
            ? $"modelName {ShownText.Quote(entry.ModelName)} is a model of another projection."
            : champion.HeadKey == entry.HeadKey ? null : $"headKey {ShownText.Quote(entry.HeadKey)} is not that of its model.";
    }
}
