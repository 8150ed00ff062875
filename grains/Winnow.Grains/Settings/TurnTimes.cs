namespace Winnow.Grains.Settings;

/// <summary>
/// How queues follow each other. <see cref="Holds"/> is well below <see cref="Grace"/>: a queue that was given up, and does not know, has
/// stopped before anybody is given what it had set aside.
/// </summary>
internal static class TurnTimes
{
    /// <summary>For how long a queue believes that nobody has followed it.</summary>
    public static readonly TimeSpan Holds = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a shard keeps what another queue had set aside, from the moment on at which it hears of the next one. Who presents a lease
    /// meanwhile keeps the task; clients do so every three seconds.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(8);
}
