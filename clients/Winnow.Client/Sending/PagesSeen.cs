namespace Winnow.Client;

/// <summary>The pages of a list that were asked for: one that comes again would come for ever.</summary>
internal sealed class PagesSeen
{
    private readonly HashSet<string> _after = new(StringComparer.Ordinal);

    /// <summary>What the next page comes after.</summary>
    /// <param name="path">The list.</param>
    /// <param name="after">What the server says of it.</param>
    /// <exception cref="InvalidDataException">The server said so before.</exception>
    public string Next(string path, string after) => _after.Add(after)
        ? after
        : throw new InvalidDataException($"The server goes round in circles with the list {path}: it names the same next page twice. Its "
            + "release, or what stands between, is at fault; nothing was lost.");
}
