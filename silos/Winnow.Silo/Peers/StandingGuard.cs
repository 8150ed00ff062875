using Winnow.Abstractions.Health;
using Winnow.Grains;

namespace Winnow.Silo.Peers;

/// <summary>
/// Grains answer from memory only while the silo is known to be one of the cluster. A silo that hung, or that lost sight of the others, is
/// given up, and its grains live elsewhere; until it finds that out it would tell what was so before. The others take seconds to give one
/// up, and so what was asked of the cluster's table within <see cref="Lifetime"/> holds. The clock counts what a stopped process misses; it
/// does not count while a whole machine is suspended.
/// </summary>
internal sealed class StandingGuard(IMembershipTable table, ILocalSiloDetails silo, TimeProvider time) : IIncomingGrainCallFilter
{
    /// <summary>How long an answer of the table holds: well below the time in which the others could give a silo up.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private Task? _asking;

    // Of the question, not of its answer, and none before the first.
    private long _askedAt = long.MinValue;

    private bool IsKnown => Volatile.Read(ref _askedAt) is not long.MinValue and var asked && time.GetElapsedTime(asked) < Lifetime;

    public Task Invoke(IIncomingGrainCallContext context) => IsKnown || !IsOurs(context.Grain) ? context.Invoke() : AskAsync(context);

    /// <summary>What Orleans itself asks must go on while the table cannot be read: it is how a silo finds out.</summary>
    private static bool IsOurs(object grain) => grain.GetType().Assembly == typeof(GrainsRegistration).Assembly;

    /// <exception cref="SiloUnavailableException">The others have given this silo up.</exception>
    private async Task AskAsync(IIncomingGrainCallContext context)
    {
        var came = time.GetTimestamp();
        // A question that was under way already may be older than the call.
        while (!IsKnown && Volatile.Read(ref _askedAt) < came) await OneQuestion();
        await context.Invoke();
    }

    private Task OneQuestion()
    {
        lock (_gate)
        {
            // On the thread pool: whoever asks first may be a grain that ends.
            if (_asking is not { IsCompleted: false }) _asking = Task.Run(QuestionAsync);
            return _asking;
        }
    }

    private async Task QuestionAsync()
    {
        var asked = time.GetTimestamp();
        var found = await ReadAsync();
        if (found.Members is not [(var entry, _)] || entry.Status == SiloStatus.Dead)
            throw new SiloUnavailableException($"Silo {silo.SiloAddress} was given up by the others and ends. Repeat the call.");
        Volatile.Write(ref _askedAt, asked);
    }

    /// <exception cref="UnavailableException">The table cannot be read.</exception>
    private async Task<MembershipTableData> ReadAsync()
    {
        try
        {
            return await table.ReadRowAsync(silo.SiloAddress, CancellationToken.None);
        }
        catch (Exception away)
        {
            throw new UnavailableException("The cluster's table in the database cannot be read, and without it this silo does not know "
                + $"whether it is still one of the cluster: {away.Message} It goes on by itself; repeat the call.", away);
        }
    }
}
