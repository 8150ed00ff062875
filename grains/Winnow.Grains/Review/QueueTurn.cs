using Orleans.Storage;
using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;

namespace Winnow.Grains.Review;

/// <summary>What is stored of the turn of a dataset's queue. The number of the turn is how often this was written.</summary>
public sealed class QueueTurnState
{
    /// <summary>When the activation whose turn it is began.</summary>
    public DateTimeOffset TakenAt { get; set; }
}

/// <summary>
/// The turn of one activation of a queue. Each takes the next number before it hands anything out, and goes on only while it has seen a
/// moment ago that nobody followed it. So one that was given up, and does not know, hands out nothing any more by the time its successor
/// gives others what it had set aside: see <see cref="TurnTimes"/>.
/// </summary>
/// <remarks>Not thread-safe: its grain's turns are its lock.</remarks>
internal sealed class QueueTurn(IControlRecords records, string dataset, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TurnTimes.Holds / 2;
    private const int Tries = 5;

    private Task _look = Task.CompletedTask;
    private DateTimeOffset _takenAt;
    private long _seenAt;

    /// <summary>Its number; 0 until it has begun.</summary>
    public long Number { get; private set; }

    /// <summary>Whether something may be handed out at this moment.</summary>
    public bool IsOn => Number > 0 && !IsOver && time.GetElapsedTime(_seenAt) < TurnTimes.Holds;

    /// <summary>Whether another activation has followed.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Begins, or makes sure that it goes on. Where that was seen a moment ago nothing is waited for.</summary>
    /// <exception cref="OrleansException">
    /// Another activation has followed, or the ledger takes too long to say whether one has: the call is to be repeated.
    /// </exception>
    public async ValueTask EnsureAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        while (!IsOver && TurnTimes.Holds - time.GetElapsedTime(asked) is var left && left > TimeSpan.Zero)
        {
            if (_look.IsCompleted && (Number == 0 || time.GetElapsedTime(_seenAt) >= LookEvery))
                _look = Number == 0 ? BeginAsync() : LookAsync();
            if (IsOn) return;
            // Not for longer: whoever called may have gone, and what is handed to them would be held for nobody.
            try
            {
                await _look.WaitAsync(left, time, cancellationToken);
            }
            catch (TimeoutException) when (!_look.IsCompleted)
            {
                break;
            }
            catch (Exception away) when (away is not (OperationCanceledException or SetAsideException or OrleansException))
            {
                // What a driver throws cannot cross to another silo.
                throw new OrleansException($"Whose turn it is in dataset '{dataset}' cannot be found out: {away.Message} Repeat the call.");
            }
            // What was asked before this silo stood still for a while says nothing of now.
            if (IsOn) return;
        }
        throw new OrleansException(IsOver
            ? $"Another activation hands out the tasks of dataset '{dataset}' by now. Repeat the call."
            : $"The ledger takes longer than {TurnTimes.Holds.TotalSeconds} s to say whose turn it is to hand out the tasks of dataset "
                + $"'{dataset}'. Repeat the call.");
    }

    private async Task BeginAsync()
    {
        for (var left = Tries; ; left--)
        {
            var began = time.GetTimestamp();
            var before = await records.ReadAsync<QueueTurnState>(ControlStorage.QueueTurn, KeyOf(dataset), CancellationToken.None);
            // With whatever a later release has put in it.
            var state = before?.State ?? new QueueTurnState();
            state.TakenAt = time.GetUtcNow();
            try
            {
                Number = await records.WriteAsync(
                    ControlStorage.QueueTurn, KeyOf(dataset), before?.Version, state, CancellationToken.None);
                (_takenAt, _seenAt) = (state.TakenAt, began);
                return;
            }
            catch (InconsistentStateException) when (left > 1)
            {
                // Two begin at once: the later one is to hand out.
            }
        }
    }

    private async Task LookAsync()
    {
        // What is read was so at this moment at the earliest.
        var asked = time.GetTimestamp();
        var stands = await records.ReadAsync<QueueTurnState>(ControlStorage.QueueTurn, KeyOf(dataset), CancellationToken.None);
        // A dataset that was deleted takes its numbers with it: another of its name counts anew.
        if (stands?.Version != Number || stands.State.TakenAt != _takenAt) IsOver = true;
        else _seenAt = asked;
    }

    private static string KeyOf(string dataset) => $"{dataset}/queue";
}
