namespace Winnow.Model.Datasets;

/// <summary>
/// That somebody deleted a dataset. It stays when the dataset is gone: who, what and when is never forgotten. A dataset of the name that
/// is there now is another one.
/// </summary>
/// <param name="Dataset">The name that it bore. Nobody can take it before the deletion has ended.</param>
/// <param name="DeletedBy">Who deleted it.</param>
/// <param name="DeletedAt">When: from then on nobody saw it any more.</param>
/// <param name="Objects">Objects removed so far.</param>
/// <param name="Rows">Rows removed so far.</param>
/// <param name="EndedAt">When the last of it was gone; null while some is left.</param>
/// <param name="Stalled">Why it does not go on for the moment; null where it does.</param>
public sealed record DatasetDeletion(
    string Dataset, string DeletedBy, DateTimeOffset DeletedAt, long Objects, long Rows, DateTimeOffset? EndedAt, string? Stalled);
