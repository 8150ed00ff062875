using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Web.Tests.Security;

namespace Winnow.Web.Tests.Acts;

/// <summary>
/// A server whose callers hang up at the worst moment: what they asked for is done, and the answer is not with the handler yet. Requests
/// with <see cref="Header"/> do.
/// </summary>
public sealed class HangingServer : LockedServer, IIncomingGrainCallFilter, IStartupFilter
{
    public const string Header = "Hangs-Up";

    /// <summary>Questions that come before the work itself: who asks, whether they may, and what they ask about.</summary>
    private static readonly HashSet<string> Before = ["CheckAsync", "GetRolesAsync", "FindAsync"];

    private readonly ConcurrentDictionary<string, CancellationTokenSource> _callers = new();
    private int _hungUp;

    /// <summary>How many have hung up.</summary>
    public int HungUp => Volatile.Read(ref _hungUp);

    protected override void Replace(IServiceCollection services) =>
        services.AddSingleton<IIncomingGrainCallFilter>(this).AddSingleton<IStartupFilter>(this);

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (context, following) =>
        {
            if (!context.Request.Headers.ContainsKey(Header))
            {
                await following(context);
                return;
            }
            using var caller = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            context.RequestAborted = caller.Token;
            var id = Guid.NewGuid().ToString();
            _callers[id] = caller;
            RequestContext.Set(Header, id);
            try
            {
                await following(context);
            }
            finally
            {
                _callers.TryRemove(id, out _);
            }
        });
        next(app);
    };

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        await context.Invoke();
        if (RequestContext.Get(Header) is not string id || Before.Contains(context.InterfaceMethod.Name)) return;
        if (!_callers.TryRemove(id, out var caller)) return;
        Interlocked.Increment(ref _hungUp);
        await caller.CancelAsync();
    }
}
