using System.Globalization;
using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;
using Winnow.Grains.Review;
using Winnow.Grains.Telemetry;
using Winnow.Model.Health;

namespace Winnow.Grains.Images;

/// <summary>
/// How a shard reads its rows. Nothing that they say takes more down than this shard: where its answers would be wrong it does not open,
/// and what it can do without it leaves out; the health page says either.
/// </summary>
internal sealed partial class ShardGrain
{
    /// <summary>Images for which memory is taken on the word of one row.</summary>
    private const int TakenOnTrust = 100_000;

    private readonly List<TaskRow> _unusableTasks = [];
    private string? _unusableTask;

    private async Task LoadAsync(int images, CancellationToken cancellationToken)
    {
        try
        {
            await ReadRowsAsync(images, cancellationToken);
        }
        catch (Exception problem) when (ShardRows.IsFault(problem))
        {
            var told = $"Shard {_key} does not open: {problem.Message} It is set aside as it is, and everything else goes on. "
                + "The health page says what to do.";
            faults.Add(_key.ToString(), _dataset, told);
            logger.ShardSetAside(_key.ToString(), problem.Message);
            Note(new SetAsideItem(SetAsideKind.Shard, _key.ToString(), _key.Dataset, problem.Message,
                "Mend its rows in the ledger, or restore a backup of the dataset under another name; then discard the dataset."));
            throw new SetAsideException(told);
        }
        if (faults.Remove(_key.ToString())) Forget(SetAsideKind.Shard);
        NoteTasks();
    }

    private async Task ReadRowsAsync(int images, CancellationToken cancellationToken)
    {
        var rows = new ShardRows(_index, _dataset.Schema.Classes.Count);
        await ReserveAsync(images, cancellationToken);
        await foreach (var page in ledger.ReadIndexAsync(_key, cancellationToken))
            foreach (var row in page)
            {
                if (rows.WrongWith(row) is { } wrong) throw new InvalidDataException(wrong);
                _index.Add(row.Image, row.Partition, row.Label, row.Quarantined);
            }
        if (_index.Count != images)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"It counts {images} images and has the rows of {_index.Count} without a gap."));
        await foreach (var row in ledger.ReadShardHistoryAsync(_key, cancellationToken))
        {
            if (rows.WrongWith(row) is { } wrong) throw new InvalidDataException(wrong);
            _index.Decide(row.Ordinal, row.Version, row.Label, row.Closes, row.Stage);
        }
        (_tasks, _tally) = (new TaskBook(_index), new RoundTally(ledger, _key, _index));
        await ReadTasksAsync(rows, cancellationToken);
        await ReadPublishedAsync(rows, cancellationToken);
    }

    /// <summary>Takes memory for so many images. A count that is not true must not take that of one that is.</summary>
    private async Task ReserveAsync(int images, CancellationToken cancellationToken)
    {
        if (images < 0) throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"It counts {images} images."));
        if (images > TakenOnTrust) await ledger.ReadImagesAsync(_key, [images / 3, images / 2, images - 1], cancellationToken);
        _index.Reserve(images);
    }

    private async Task ReadTasksAsync(ShardRows rows, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // Nothing is set aside for longer; what says so would keep its image from people for ever.
        var latest = now + (2 * _dataset.Settings.LeasePeriod) + Model.MemberRules.ClocksApart;
        await foreach (var task in ledger.ReadTasksAsync(_key, cancellationToken))
        {
            if (rows.WrongWith(task) is { } wrong)
            {
                _unusableTasks.Add(task);
                _unusableTask ??= wrong;
                continue;
            }
            _tasks.Add(task);
            if (task.ReservedUntil > now && task.ReservedUntil <= latest) _tasks.RestoreReservation(task.Ordinal, task.ReservedUntil);
        }
        if (_unusableTask is not null) logger.TasksLeftOut(_key.ToString(), _unusableTasks.Count, _unusableTask);
    }

    /// <summary>Says which tasks are left out, as long as they are.</summary>
    private void NoteTasks()
    {
        if (_unusableTask is null) return;
        Note(new SetAsideItem(SetAsideKind.Tasks, _key.ToString(), _key.Dataset, string.Create(CultureInfo.InvariantCulture,
            $"{_unusableTasks.Count} tasks of this shard are left out. The first of them: {_unusableTask}"),
            "Discard them. The shard works without them already."));
    }

    public async Task<int> DiscardUnusableTasksAsync(CancellationToken cancellationToken)
    {
        if (_unusableTasks.Count == 0) return 0;
        TaskRow[] tasks = [.. _unusableTasks];
        // Past what is copied to other shards: they never get these.
        WithdrawnTaskRow[] withdrawn = [.. tasks.Select(t => new WithdrawnTaskRow(t.Ordinal, t.Arm))];
        var commit = new ShardCommit { Shard = _key, Epoch = _epoch, WithdrawnTasks = withdrawn };
        if (await ledger.CommitAsync(commit, CancellationToken.None) != ShardCommitStatus.Committed)
        {
            Close();
            throw new OrleansException($"Shard {_key} was taken over by another activation. Repeat the call.");
        }
        _unusableTasks.Clear();
        _unusableTask = null;
        Forget(SetAsideKind.Tasks);
        return tasks.Length;
    }

    private void Note(SetAsideItem item) =>
        GrainFactory.GetGrain<ISetAsideNotesGrain>(0).NoteAsync(item, CancellationToken.None).Ignore();

    private void Forget(SetAsideKind kind) =>
        GrainFactory.GetGrain<ISetAsideNotesGrain>(0).ForgetAsync(kind, _key.ToString(), CancellationToken.None).Ignore();
}
