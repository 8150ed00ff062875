namespace Winnow.Web.Security;

/// <summary>How much one caller may ask of one server.</summary>
public sealed class RequestLimits
{
    /// <summary>Requests that a principal may send per second, lastingly; more get 429. 1 to 1,000,000. Default 500.</summary>
    public int PerSecond { get; set; } = 500;

    /// <summary>Requests that a principal may send at once after a rest. 1 to 1,000,000. Default 2,000.</summary>
    public int Burst { get; set; } = 2_000;

    /// <summary>
    /// Requests with a wrong key or token that are answered to an address per minute; more get 429. A good one is never counted, and never
    /// refused for what others sent from the same address. 1 to 1,000,000. Default 60.
    /// </summary>
    public int RefusalsPerMinute { get; set; } = 60;

    /// <summary>
    /// Requests without any key or token that are answered to an address per minute; more get 429. 1 to 1,000,000. Default 300.
    /// </summary>
    public int AnonymousPerMinute { get; set; } = 300;

    /// <summary>
    /// Sessions that a principal may begin and end per minute; more get 429. Each leaves an act. 1 to 1,000,000. Default 30.
    /// </summary>
    public int SessionsPerMinute { get; set; } = 30;

    /// <summary>
    /// Requests of a principal that may wait for tasks, or listen, at the same time; more get 429. 1 to 1,000,000. Default 200.
    /// </summary>
    public int Waiting { get; set; } = 200;

    /// <summary>Connections that are open at the same time; more are closed at once. 1 to 1,000,000. Default 20,000.</summary>
    public int Connections { get; set; } = 20_000;

    /// <summary>
    /// Bytes of JSON bodies that are read at the same time, over all; one principal gets half of it. Those that do not fit get 503.
    /// 32 MiB to 4 GiB. Default 128 MiB.
    /// </summary>
    public long BodyBytes { get; set; } = 128L << 20;

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        const int Most = 1_000_000;
        if (PerSecond is < 1 or > Most) return $"Api:Limits:PerSecond must be 1 to {Most}, not {PerSecond}.";
        if (Burst is < 1 or > Most) return $"Api:Limits:Burst must be 1 to {Most}, not {Burst}.";
        if (RefusalsPerMinute is < 1 or > Most) return $"Api:Limits:RefusalsPerMinute must be 1 to {Most}, not {RefusalsPerMinute}.";
        if (SessionsPerMinute is < 1 or > Most) return $"Api:Limits:SessionsPerMinute must be 1 to {Most}, not {SessionsPerMinute}.";
        if (Waiting is < 1 or > Most) return $"Api:Limits:Waiting must be 1 to {Most}, not {Waiting}.";
        if (Connections is < 1 or > Most) return $"Api:Limits:Connections must be 1 to {Most}, not {Connections}.";
        if (BodyBytes is < 32 << 20 or > 4L << 30) return $"Api:Limits:BodyBytes must be {32 << 20} to {4L << 30}, not {BodyBytes}.";
        return AnonymousPerMinute is < 1 or > Most ? $"Api:Limits:AnonymousPerMinute must be 1 to {Most}, not {AnonymousPerMinute}." : null;
    }
}
