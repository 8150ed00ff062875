using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Training;

/// <summary>
/// What time mends is waited for and told; what it does not ends the round with its reason; and whoever has seen enough ends it by hand.
/// </summary>
public sealed class RoundFailureTests
{
    [Fact]
    public async Task A_store_that_is_away_is_waited_for_and_an_object_that_is_lost_ends_the_round()
    {
        var store = new FailingHeads();
        await using var server = await OwnServer.StartAsync(store.Into);
        var dataset = await server.Client.DatasetAsync(60);
        await using var reviewer = server.Client.Reviewing(dataset);

        store.Failure = () => new IOException("No space left on device.");
        await server.Client.StartRoundAsync(dataset, new StartRound(6));
        var waits = await server.Client.UntilAsync(dataset, 1, r => r.Waiting is not null);
        Assert.Equal((RoundStep.Train, "No space left on device. It is tried again.", null), (waits.Step, waits.Waiting, waits.Reason));
        store.Failure = null;
        Assert.Equal((RoundStep.Done, null), await server.Client.EndOfAsync(dataset) is var r ? (r.Step, r.Waiting) : default);

        store.Failure = () => new InvalidDataException("A head whose checksum does not match.");
        await server.Client.StartRoundAsync(dataset, new StartRound(6));
        var failed = await server.Client.EndOfAsync(dataset, number: 2);
        Assert.Equal((RoundStep.Failed, new RoundOutcomes(6, 0, 0, 0, 0)), (failed.Step, failed.Outcomes));
        Assert.Contains("'train'", failed.Reason);
        Assert.Contains("A head whose checksum does not match.", failed.Reason);
        // Not at the first blow: it might have come from a grain that was moving.
        Assert.Equal(3, store.Faults);

        // Its labels stay and are learned from by the next.
        store.Failure = null;
        await server.Client.StartRoundAsync(dataset, new StartRound(6));
        Assert.Equal((RoundStep.Done, 18),
            await server.Client.EndOfAsync(dataset, number: 3) is var third ? (third.Step, third.Labels) : default);
    }

    [Fact]
    public async Task A_round_that_does_not_go_on_is_ended_by_hand_out_of_any_pause()
    {
        var store = new FailingHeads { Failure = () => new IOException("No space left on device.") };
        await using var server = await OwnServer.StartAsync(store.Into);
        var dataset = await server.Client.DatasetAsync(60);
        await using var reviewer = server.Client.Reviewing(dataset);
        await server.Client.StartRoundAsync(dataset, new StartRound(6));
        await server.Client.UntilAsync(dataset, 1, r => r.Waiting is not null);
        var ended = await server.Client.EndRoundAsync(dataset, Arms.Main, 1);
        Assert.Equal((RoundStep.Failed, "Ended by tester while it learned. What people said stays.", "tester"),
            (ended.Step, ended.Reason, ended.EndedBy));
        store.Failure = null;
        await server.Client.StartRoundAsync(dataset, new StartRound(6));
        Assert.Equal((RoundStep.Done, 12, "k-means"),
            await server.Client.EndOfAsync(dataset, number: 2) is var r ? (r.Step, r.Labels, r.Strategy) : default);
    }

    [Fact]
    public async Task A_round_that_waits_for_scores_is_ended_by_hand_and_uses_nothing_up()
    {
        var device = new Scoring.StandingDevice();
        await using var server = await OwnServer.StartAsync(s => s.AddSingleton<IEmbedderProvider>(device));
        var dataset = await server.Client.DatasetAsync(40, scored: false);
        await server.Client.StartRoundAsync(dataset, new StartRound(10));
        await server.Client.UntilAsync(dataset, 1, r => r.Waiting is not null);
        var ended = await server.Client.EndRoundAsync(dataset, Arms.Main, 1);
        Assert.Equal((RoundStep.Failed, "Ended by tester before anybody was asked."), (ended.Step, ended.Reason));
        device.GoOn();
        await server.Client.StartRoundAsync(dataset, new StartRound(10));
        Assert.Equal(("k-means", 10),
            await server.Client.UntilAsync(dataset, 2, r => r.Step == RoundStep.Review) is var r ? (r.Strategy, r.Selected) : default);
    }

    /// <summary>A store that does not take heads of models for as long as it has a reason.</summary>
    private sealed class FailingHeads
    {
        private int _faults;

        public Func<Exception>? Failure { get; set; }

        /// <summary>How often something failed that does not pass.</summary>
        public int Faults => Volatile.Read(ref _faults);

        public void Into(IServiceCollection services)
        {
            var inner = services.Last(s => s.ServiceType == typeof(IObjectStore));
            services.Remove(inner);
            services.AddSingleton<IObjectStore>(provider => new Store((IObjectStore)inner.ImplementationFactory!(provider), this));
        }

        private void Check(string key)
        {
            if (!key.Contains("/models/", StringComparison.Ordinal) || Failure is not { } failure) return;
            var thrown = failure();
            if (thrown is InvalidDataException) Interlocked.Increment(ref _faults);
            throw thrown;
        }

        private sealed class Store(IObjectStore store, FailingHeads failing) : ObjectStoreAround(store)
        {
            public override Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
            {
                failing.Check(key);
                return base.PutAsync(key, content, cancellationToken);
            }
        }
    }
}
