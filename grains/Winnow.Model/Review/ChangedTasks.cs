namespace Winnow.Model.Review;

/// <summary>How many tasks were changed.</summary>
/// <param name="Tasks">Those that there were of what was named.</param>
public sealed record ChangedTasks(int Tasks);
