namespace Winnow.Web.Security;

/// <summary>How much one caller may ask of one server.</summary>
public sealed class RequestLimits
{
    /// <summary>Requests that a principal may send per second, lastingly; more get 429. 1 to 1,000,000. Default 500.</summary>
    public int PerSecond { get; set; } = 500;

    /// <summary>Requests that a principal may send at once after a rest. 1 to 1,000,000. Default 2,000.</summary>
    public int Burst { get; set; } = 2_000;

    /// <summary>Requests without a good key or token that an address may send per minute; then it is not listened to for a while. 1 to 1,000,000. Default 60.</summary>
    public int RefusalsPerMinute { get; set; } = 60;

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        const int Most = 1_000_000;
        if (PerSecond is < 1 or > Most) return $"Api:Limits:PerSecond must be 1 to {Most}, not {PerSecond}.";
        if (Burst is < 1 or > Most) return $"Api:Limits:Burst must be 1 to {Most}, not {Burst}.";
        return RefusalsPerMinute is < 1 or > Most ? $"Api:Limits:RefusalsPerMinute must be 1 to {Most}, not {RefusalsPerMinute}." : null;
    }
}
