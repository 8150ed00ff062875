using System.Collections;

namespace Winnow.Algorithms;

/// <summary>Something that requests and settings ask for by name.</summary>
public interface INamed
{
    /// <summary>Its name, lower-case with hyphens.</summary>
    string Name { get; }
}

/// <summary>
/// Everything of one kind, by name. Names are unique, and what is asked for by a name that nothing bears is told those there are.
/// </summary>
/// <param name="what">What they are, as a word of a sentence.</param>
/// <param name="all">All of them.</param>
public sealed class Registry<T>(string what, params IReadOnlyList<T> all) : IReadOnlyList<T> where T : INamed
{
    /// <inheritdoc/>
    public int Count => all.Count;

    /// <inheritdoc/>
    public T this[int index] => all[index];

    /// <summary>What bears a name; null when nothing does.</summary>
    public T? Find(string name) => all.FirstOrDefault(one => one.Name == name);

    /// <summary>What bears a name.</summary>
    /// <exception cref="ArgumentException">Nothing does; the message lists those there are.</exception>
    public T Get(string name) =>
        Find(name) ?? throw new ArgumentException(
        $"There is no {what} '{name}'. Known are: {string.Join(", ", all.Select(one => one.Name))}.", nameof(name));

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => all.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
