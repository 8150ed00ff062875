namespace Winnow.Testing;

/// <summary>
/// Places that a test damages one after the other. Every run takes some of them, from the first to the last;
/// <c>bash tests/run security</c> takes all.
/// </summary>
public static class SomePlaces
{
    private const int OneIn = 4;

    /// <summary>Those that this run takes.</summary>
    public static IReadOnlyList<T> Of<T>(IReadOnlyList<T> all) => Environment.GetEnvironmentVariable("WINNOW_ALL_PLACES") == "1"
        ? all : [.. all.Where((_, i) => i % OneIn == 0)];
}
