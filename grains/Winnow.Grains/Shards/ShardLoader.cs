using System.Globalization;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Health;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model.Health;

namespace Winnow.Grains.Shards;

/// <summary>
/// How a shard reads its rows. Nothing that they say takes more down than this shard: where its answers would be wrong it does not open,
/// and what it can do without it leaves out; the health page says either.
/// </summary>
internal sealed class ShardLoader(
    ShardWriter writer, ShardIndex index, TaskBook book, ShardColumns columns, ShardMachine machine, IShardLedger ledger,
    ShardFaults faults, IGrainFactory grains, TimeProvider time, ILogger logger)
{
    /// <summary>Images for which memory is taken on the word of one row.</summary>
    private const int TakenOnTrust = 100_000;

    // Tasks that were left out, until they are discarded, and what is wrong with the first of them.
    private readonly List<TaskRow> _unusableTasks = [];
    private string? _unusableTask;

    /// <exception cref="SetAsideException">The rows are not what they must be; nothing of the shard is answered.</exception>
    public async Task LoadAsync(int images, CancellationToken cancellationToken)
    {
        var shard = writer.Key.ToString();
        try
        {
            await ReadRowsAsync(images, cancellationToken);
        }
        catch (Exception problem) when (ShardRows.IsFault(problem))
        {
            var told = $"Shard {shard} does not open: {problem.Message} It is set aside as it is, and everything else goes on. "
                + "The health page says what to do.";
            faults.Add(shard, writer.Dataset, told);
            logger.ShardSetAside(shard, problem.Message);
            Note(new SetAsideItem(SetAsideKind.Shard, shard, writer.Key.Dataset, problem.Message,
                "Mend its rows in the ledger, or restore a backup of the dataset under another name; then discard the dataset."));
            throw new SetAsideException(told);
        }
        if (faults.Remove(shard)) Forget(SetAsideKind.Shard);
        NoteTasks();
    }

    /// <summary>Says which tasks are left out, as long as they are.</summary>
    public void NoteTasks()
    {
        if (_unusableTask is null) return;
        var problem = string.Create(CultureInfo.InvariantCulture,
            $"{_unusableTasks.Count} tasks of this shard are left out. The first of them: {_unusableTask}");
        const string WhatToDo = "Discard them. The shard works without them already.";
        Note(new SetAsideItem(SetAsideKind.Tasks, writer.Key.ToString(), writer.Key.Dataset, problem, WhatToDo));
    }

    public async Task<int> DiscardUnusableTasksAsync()
    {
        if (_unusableTasks.Count == 0) return 0;
        TaskRow[] tasks = [.. _unusableTasks];
        WithdrawnTaskRow[] withdrawn = [.. tasks.Select(t => new WithdrawnTaskRow(t.Ordinal, t.Arm))];
        // Past what is copied to other shards: they never get these.
        await writer.CommitApartAsync(writer.New() with { WithdrawnTasks = withdrawn });
        _unusableTasks.Clear();
        _unusableTask = null;
        Forget(SetAsideKind.Tasks);
        return tasks.Length;
    }

    private async Task ReadRowsAsync(int images, CancellationToken cancellationToken)
    {
        var rows = new ShardRows(index, writer.Dataset.Schema);
        await ReserveAsync(images, cancellationToken);
        await foreach (var page in ledger.ReadIndexAsync(writer.Key, cancellationToken))
            foreach (var row in page)
            {
                if (rows.WrongWith(row) is { } wrong) throw new InvalidDataException(wrong);
                index.Add(row.Image, row.Partition, row.Label, row.Quarantined);
            }
        if (index.Count != images)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"It counts {images} images and has the rows of {index.Count} without a gap."));
        await foreach (var row in ledger.ReadShardHistoryAsync(writer.Key, cancellationToken))
        {
            if (rows.WrongWith(row) is { } wrong) throw new InvalidDataException(wrong);
            index.Decide(row.Ordinal, row.Version, row.Label, row.Closes, row.Stage);
        }
        await machine.LoadAsync(cancellationToken);
        await ReadTasksAsync(rows, cancellationToken);
        await columns.ReadPublishedAsync(rows, cancellationToken);
    }

    /// <summary>Takes memory for so many images. A count that is not true must not take that of one that is.</summary>
    private async Task ReserveAsync(int images, CancellationToken cancellationToken)
    {
        if (images < 0) throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"It counts {images} images."));
        if (images > TakenOnTrust) await ledger.ReadImagesAsync(writer.Key, [images / 3, images / 2, images - 1], cancellationToken);
        index.Reserve(images);
    }

    private async Task ReadTasksAsync(ShardRows rows, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // Nothing is set aside for longer; what says so would keep its image from people for ever.
        var latest = now + (2 * writer.Dataset.Settings.LeasePeriod) + Model.MemberRules.ClocksApart;
        await foreach (var task in ledger.ReadTasksAsync(writer.Key, cancellationToken))
        {
            if (rows.WrongWith(task) is { } wrong)
            {
                _unusableTasks.Add(task);
                _unusableTask ??= wrong;
                continue;
            }
            book.Add(task);
            if (task.ReservedUntil > now && task.ReservedUntil <= latest) book.SetAside(task.Ordinal, task.ReservedUntil);
        }
        if (_unusableTask is not null) logger.TasksLeftOut(writer.Key.ToString(), _unusableTasks.Count, _unusableTask);
    }

    private void Note(SetAsideItem item) =>
        grains.GetGrain<ISetAsideNotesGrain>(0).NoteAsync(item, CancellationToken.None).Ignore();

    private void Forget(SetAsideKind kind) =>
        grains.GetGrain<ISetAsideNotesGrain>(0).ForgetAsync(kind, writer.Key.ToString(), CancellationToken.None).Ignore();
}
