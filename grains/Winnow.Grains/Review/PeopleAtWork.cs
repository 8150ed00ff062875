namespace Winnow.Grains.Review;

/// <summary>
/// Who asks for the tasks of a dataset. With those who hold some they are the people at work, and that is what "everybody who may answer"
/// comes to: on an open server anybody might, and of those who were given access most are somewhere else. Pure bookkeeping under a clock
/// that the caller reads; who is not heard of any more is forgotten.
/// </summary>
internal sealed class PeopleAtWork
{
    /// <summary>
    /// Whoever holds nothing and has not asked for so long waits for no task. Clients that wait ask again at least every half minute.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const int FewToLookThrough = 1_000;
    private readonly Dictionary<string, DateTimeOffset> _heard = new(StringComparer.Ordinal);
    private int _forgetAt = FewToLookThrough;

    /// <summary>How many are kept in mind, some of whom may have left.</summary>
    public int Remembered => _heard.Count;

    /// <summary>Somebody asked or answered.</summary>
    public void Heard(string person, DateTimeOffset now)
    {
        _heard[person] = now;
        if (_heard.Count < _forgetAt) return;
        Forget(now);
        _forgetAt = Math.Max(FewToLookThrough, 2 * _heard.Count);
    }

    /// <summary>All who were heard of lately.</summary>
    public IReadOnlyCollection<string> Lately(DateTimeOffset now)
    {
        Forget(now);
        return _heard.Keys;
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (person, at) in _heard)
            if (now - at > Patience) _heard.Remove(person);
    }
}
