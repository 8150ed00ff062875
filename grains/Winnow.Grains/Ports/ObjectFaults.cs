namespace Winnow.Grains.Ports;

/// <summary>
/// An object is there and cannot be read, by a fault of its own that time does not mend: missing rights, a bad block of the disk. Others
/// may be well.
/// </summary>
public sealed class ObjectUnreadableException(string message, Exception inner) : IOException(message, inner);

/// <summary>
/// Single objects that the store cannot keep, by faults of their own that time does not mend: something else in their place, missing
/// rights. Whatever else the call was to store is stored.
/// </summary>
public sealed class ObjectUnwritableException : IOException
{
    /// <param name="reasons">Why, by the keys of the objects: sentences that name the key and say what to do.</param>
    /// <param name="inner">What the first of them failed by.</param>
    public ObjectUnwritableException(IReadOnlyDictionary<string, string> reasons, Exception inner)
        : base(string.Join(' ', reasons.Values.Take(MostTold)), inner) => Reasons = reasons;

    private const int MostTold = 3;

    /// <summary>Why each of them cannot be kept, by its key.</summary>
    public IReadOnlyDictionary<string, string> Reasons { get; }
}
