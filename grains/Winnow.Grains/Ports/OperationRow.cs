using Winnow.Abstractions.Datasets;

namespace Winnow.Grains.Ports;

/// <summary>A range of ordinals.</summary>
public readonly record struct OrdinalRange(int First, int Count);

/// <summary>An operation that inserted rows, as its shard remembers it.</summary>
/// <param name="OperationId">Its id.</param>
/// <param name="Rows">The shard's rows that are its own.</param>
/// <param name="Stamp">Whose it is, and for what; null where it came from an early release or a backup.</param>
public readonly record struct OperationRow(Guid OperationId, OrdinalRange Rows, OperationStamp? Stamp = null);
