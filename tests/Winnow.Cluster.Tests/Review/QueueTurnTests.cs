using Microsoft.Extensions.Time.Testing;
using Orleans.Storage;
using Winnow.Grains.Ports;
using Winnow.Grains.Review;
using Winnow.Grains.Settings;

namespace Winnow.Cluster.Tests.Review;

/// <summary>One activation of a queue at a time hands out; who cannot tell whether it is theirs does not.</summary>
public sealed class QueueTurnTests
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly FakeTimeProvider _time = new();
    private readonly Records _records = new();

    private QueueTurn New() => new(_records, "cats", _time);

    [Fact]
    public async Task Who_follows_is_on_and_who_was_followed_finds_out()
    {
        var (first, second) = (New(), New());
        Assert.False(first.IsOn);
        await first.EnsureAsync(Never);
        Assert.Equal((1L, true), (first.Number, first.IsOn));
        await second.EnsureAsync(Never);
        Assert.Equal((2L, true), (second.Number, second.IsOn));
        // It has seen a moment ago that it is on, and goes on for less than others wait for.
        await first.EnsureAsync(Never);
        Assert.True(first.IsOn && TurnTimes.Holds < TurnTimes.Grace);
        _time.Advance(TurnTimes.Holds);
        Assert.False(first.IsOn);
        var over = await Assert.ThrowsAsync<OrleansException>(() => first.EnsureAsync(Never).AsTask());
        Assert.Contains("Another activation", over.Message, StringComparison.Ordinal);
        Assert.True(first.IsOver);
        await second.EnsureAsync(Never);
        Assert.True(second.IsOn);
    }

    [Fact]
    public async Task The_ledger_is_asked_once_in_a_while_and_nobody_waits_for_it_before_it_is_time()
    {
        var turn = New();
        await turn.EnsureAsync(Never);
        var read = _records.Read;
        for (var i = 0; i < 10; i++) await turn.EnsureAsync(Never);
        Assert.Equal(read, _records.Read);
        // Half of the time is over: it is asked, and whoever asks goes on.
        _time.Advance(0.6 * TurnTimes.Holds);
        var answer = _records.Hold();
        for (var i = 0; i < 10; i++) await turn.EnsureAsync(Never);
        Assert.Equal((read + 1, true), (_records.Read, turn.IsOn));
        answer.SetResult();
        _time.Advance(0.6 * TurnTimes.Holds);
        await turn.EnsureAsync(Never);
        Assert.True(turn.IsOn);
    }

    [Fact]
    public async Task An_answer_that_took_longer_than_a_turn_holds_says_nothing_of_now()
    {
        var turn = New();
        await turn.EnsureAsync(Never);
        _time.Advance(TurnTimes.Holds);
        _records.Delay = () => _time.Advance(TurnTimes.Holds);
        var slow = await Assert.ThrowsAsync<OrleansException>(() => turn.EnsureAsync(Never).AsTask());
        Assert.Contains("takes longer than 3 s", slow.Message, StringComparison.Ordinal);
        Assert.Equal((false, false), (turn.IsOn, turn.IsOver));
        // What was asked before somebody followed, and answered after, is found out too.
        _records.Delay = null;
        await New().EnsureAsync(Never);
        await Assert.ThrowsAsync<OrleansException>(() => turn.EnsureAsync(Never).AsTask());
        Assert.True(turn.IsOver);
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_and_one_that_comes_second_are_done_again()
    {
        var turn = New();
        _records.Fails = new IOException("The ledger is away. Whether this was stored is open.");
        var away = await Assert.ThrowsAsync<OrleansException>(() => turn.EnsureAsync(Never).AsTask());
        Assert.Contains("The ledger is away", away.Message, StringComparison.Ordinal);
        Assert.Null(away.InnerException);
        Assert.False(turn.IsOn);
        _records.Fails = null;
        _records.Before = () => _records.Version++;
        await turn.EnsureAsync(Never);
        Assert.Equal((_records.Version, true), (turn.Number, turn.IsOn));
    }

    [Fact]
    public async Task The_same_number_of_another_dataset_of_the_name_is_another_turn()
    {
        var turn = New();
        await turn.EnsureAsync(Never);
        _records.Version = 0;
        _time.Advance(TurnTimes.Holds);
        var other = New();
        await other.EnsureAsync(Never);
        Assert.Equal(turn.Number, other.Number);
        await Assert.ThrowsAsync<OrleansException>(() => turn.EnsureAsync(Never).AsTask());
    }

    /// <summary>One record, with what a test puts between a call and its answer.</summary>
    private sealed class Records : IControlRecords
    {
        private DateTimeOffset _takenAt;
        private TaskCompletionSource? _held;

        public long Version { get; set; }

        public int Read { get; private set; }

        public Action? Delay { get; set; }

        /// <summary>Runs once, before the next write.</summary>
        public Action? Before { get; set; }

        public IOException? Fails { get; set; }

        public TaskCompletionSource Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<ControlRecord<T>?> ReadAsync<T>(string kind, string key, CancellationToken cancellationToken) where T : class
        {
            Read++;
            var known = Version == 0 ? null
                : new ControlRecord<T>(key, Version, (T)(object)new QueueTurnState { TakenAt = _takenAt });
            if (_held is { } held) await held.Task;
            _held = null;
            Delay?.Invoke();
            return known;
        }

        public Task<long> WriteAsync<T>(string kind, string key, long? known, T state, CancellationToken cancellationToken)
            where T : class
        {
            Before?.Invoke();
            Before = null;
            if (known != (Version == 0 ? null : Version)) throw new InconsistentStateException("Another was first.");
            (Version, _takenAt) = (Version + 1, ((QueueTurnState)(object)state).TakenAt);
            return Fails is { } problem ? Task.FromException<long>(problem) : Task.FromResult(Version);
        }

        public Task<IReadOnlyList<ControlRecord<T>>> ReadAllAsync<T>(string kind, string owner, CancellationToken cancellationToken)
            where T : class => throw new NotSupportedException();
    }
}
