using System.Net;
using Microsoft.AspNetCore.Connections;
using Winnow.Abstractions.Telemetry;

namespace Winnow.Silo.Peers;

/// <summary>
/// Stands before and behind the handshake of each connection between silos. Whoever has not shown a certificate of the cluster holds one of
/// a few places, and no address more than its share: strangers who open connections and wait use up no memory, and keep no silo out.
/// Refusals are told, though not one by one.
/// </summary>
internal sealed partial class HandshakeGate(TimeProvider time, ILogger<HandshakeGate> logger)
{
    /// <summary>Most connections of one address whose handshake is under way.</summary>
    public const int PerAddress = 32;

    private const int InAll = 1024;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _waiting = [];
    private int _inAll;
    private long _untold;
    private long? _told;

    /// <summary>Before the handshake of a connection that came in.</summary>
    public ConnectionDelegate EnterIn(ConnectionDelegate next) => async context =>
    {
        var handshake = new Handshake(context.RemoteEndPoint);
        if (!TryTake(handshake.Address))
        {
            Tell(handshake, $"{PerAddress} others of its address are being looked at");
            context.Abort();
            return;
        }
        context.Features.Set(handshake);
        handshake.Begin();
        try
        {
            await next(context);
        }
        finally
        {
            // Whoever passed gave the place back then.
            if (!handshake.Done)
            {
                GiveBack(handshake.Address);
                Tell(handshake, handshake.Fault);
            }
        }
    };

    /// <summary>Before the handshake of a connection that this silo opened.</summary>
    public ConnectionDelegate EnterOut(ConnectionDelegate next) => async context =>
    {
        var handshake = new Handshake(context.RemoteEndPoint);
        context.Features.Set(handshake);
        handshake.Begin();
        await next(context);
        if (!handshake.Done) NotReached(logger, handshake.Remote, handshake.Fault);
    };

    /// <summary>Behind the handshake: what comes here is of the cluster.</summary>
    public ConnectionDelegate PassIn(ConnectionDelegate next) => context =>
    {
        var handshake = context.Features.Get<Handshake>()!;
        handshake.Complete();
        GiveBack(handshake.Address);
        return next(context);
    };

    /// <summary>The same, for one that this silo opened.</summary>
    public static ConnectionDelegate PassOut(ConnectionDelegate next) => context =>
    {
        context.Features.Get<Handshake>()!.Complete();
        return next(context);
    };

    private bool TryTake(IPAddress address)
    {
        lock (_lock)
        {
            var waiting = _waiting.GetValueOrDefault(address);
            if (waiting >= PerAddress || _inAll >= InAll) return false;
            _waiting[address] = waiting + 1;
            _inAll++;
            return true;
        }
    }

    private void GiveBack(IPAddress address)
    {
        lock (_lock)
        {
            _inAll--;
            if (--_waiting[address] == 0) _waiting.Remove(address);
        }
    }

    // Whoever knocks at the port writes no log of ours: one line in ten seconds, with how many there were.
    private void Tell(Handshake handshake, string fault)
    {
        WinnowTelemetry.SiloRefusals.Add(1);
        OneRefused(logger, handshake.Remote, fault);
        long count;
        lock (_lock)
        {
            _untold++;
            if (_told is { } told && time.GetElapsedTime(told) < Quiet) return;
            _told = time.GetTimestamp();
            (count, _untold) = (_untold, 0);
        }
        Refused(logger, handshake.Remote, fault, count);
    }

    [LoggerMessage(223, LogLevel.Warning, "Refused at the silo port: {Remote}, for {Fault}. Refusals since the last such line: {Count}")]
    private static partial void Refused(ILogger logger, EndPoint? remote, string fault, long count);

    [LoggerMessage(226, LogLevel.Debug, "Refused: {Remote}, for {Fault}")]
    private static partial void OneRefused(ILogger logger, EndPoint? remote, string fault);

    [LoggerMessage(224, LogLevel.Warning, "No connection to the silo at {Remote}: {Fault}")]
    private static partial void NotReached(ILogger logger, EndPoint? remote, string fault);
}
