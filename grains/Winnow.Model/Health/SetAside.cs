using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Health;

/// <summary>What is set aside.</summary>
[JsonConverter(typeof(KebabEnumConverter<SetAsideKind>))]
public enum SetAsideKind : byte
{
    /// <summary>A dataset whose row cannot be read.</summary>
    Dataset = 0,
    /// <summary>A shard whose rows contradict each other, or cannot be read: it does not open, and all others do.</summary>
    Shard = 1,
    /// <summary>Tasks of a shard that it has left out: it is open without them.</summary>
    Tasks = 2,
    /// <summary>The state of one control grain, such as a round's.</summary>
    State = 3,
    /// <summary>A secret that all silos share.</summary>
    Secret = 4,
    /// <summary>An image whose history cannot be read. Told by whoever looked at it lately.</summary>
    Image = 5,
}

/// <summary>
/// Something that is stored and cannot be worked with. It stays as it is until somebody mends or discards it, nothing that needs it is done
/// meanwhile, and everything else goes on.
/// </summary>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Name">Its name among those of its kind: <c>cats</c>, <c>cats/0003</c>, <c>round/cats/main/1</c>, <c>lease</c>.</param>
/// <param name="Dataset">The dataset that it is a part of; null where it is none's.</param>
/// <param name="Problem">Why it cannot be worked with, as sentences.</param>
/// <param name="WhatToDo">What somebody can do about it, as sentences.</param>
public sealed record SetAsideItem(
    SetAsideKind Kind, [property: Text(TextKind.Exact)] string Name, string? Dataset, string Problem, string WhatToDo);

/// <summary>A request to delete something that is set aside. What is sound is not deleted by it.</summary>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Name">Its name, as the list of what is set aside has it: of whatever length, since nobody chose it.</param>
public sealed record DiscardSetAside(SetAsideKind Kind, [property: Text(TextKind.Exact, int.MaxValue)] string Name);
