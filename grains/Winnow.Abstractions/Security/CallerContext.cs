namespace Winnow.Abstractions.Security;

/// <summary>
/// Carries the caller's identity along a request into every grain that it reaches. Set at the front door alone; what a grain starts of
/// itself after a restart has none.
/// </summary>
public static class CallerContext
{
    private const string Key = "winnow.caller";

    /// <summary>Who is acting; null outside a request.</summary>
    public static string? Actor
    {
        get => RequestContext.Get(Key) as string;
        set
        {
            if (value is null) RequestContext.Remove(Key);
            else RequestContext.Set(Key, value);
        }
    }
}
