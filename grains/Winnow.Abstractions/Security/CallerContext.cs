using Winnow.Model.Review;

namespace Winnow.Abstractions.Security;

/// <summary>
/// Carries the caller's identity along a request into every grain that it reaches. Set at the front door alone; what a grain starts of
/// itself after a restart has none.
/// </summary>
public static class CallerContext
{
    private const string Key = "winnow.caller";

    private const string KindsKey = "winnow.caller.kinds";

    private const string AddressKey = "winnow.caller.address";

    /// <summary>The address that the caller has, as limits see it; null outside a request.</summary>
    public static string? Address
    {
        get => RequestContext.Get(AddressKey) as string;
        set
        {
            if (value is null) RequestContext.Remove(AddressKey);
            else RequestContext.Set(AddressKey, value);
        }
    }

    /// <summary>Tasks of which kinds they may do in the dataset of the request; null where that was not said.</summary>
    public static IReadOnlyList<TaskKind>? Kinds
    {
        get => RequestContext.Get(KindsKey) is byte[] kinds ? [.. kinds.Select(k => (TaskKind)k)] : null;
        set
        {
            if (value is null) RequestContext.Remove(KindsKey);
            else RequestContext.Set(KindsKey, value.Select(k => (byte)k).ToArray());
        }
    }

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
