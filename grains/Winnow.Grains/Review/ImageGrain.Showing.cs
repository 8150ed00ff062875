using System.Text.Json;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Grains.Facts;
using Winnow.Grains.Images;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Model.Scoring;

namespace Winnow.Grains.Review;

/// <summary>An image as people see it: its row, what is proposed of it, and what was said.</summary>
internal sealed partial class ImageGrain
{
    public async Task<ImageDetail?> GetAsync(CancellationToken cancellationToken)
    {
        await FollowDatasetAsync(cancellationToken);
        var record = await OnShardAsync((IShardIngest shard) => shard.FindAsync(_image, cancellationToken), cancellationToken);
        if (record is null) return null;
        await LoadedAsync(cancellationToken);
        // Another activation may have written since, as one did that others had given up. All of them write through the shard.
        if (record.Version is { } version && version != _history.Count) await LoadAsync(cancellationToken);
        var row = record.Row;
        // What was said is told as it was said.
        List<HistoryEntry> history = [.. _said];
        if (row.Label >= 0) history.Insert(0,
            ImageHistory.Imported(_dataset.Schema.Classes[row.Label].Name, record.ReceivedBy, record.ReceivedAt));
        var standing = StandingOf(row.Label);
        return new ImageDetail
        {
            Id = _image,
            Dataset = _dataset.Name,
            Name = row.Name,
            Stage = record.Stage,
            Partition = row.Partition,
            Header = row.Format.Length == 0 ? null : new ImageHeader(row.Format, row.Width, row.Height, row.Frames, row.Bytes)
            {
                Orientation = row.Orientation,
            },
            ReceivedAt = record.ReceivedAt,
            Reason = row.Reason,
            Prelabels =
            [
                .. PrelabelsOf(
                    _dataset, record.ModelName, record.Scores?.Predicted ?? -1, 1 - (record.Scores?.LeastConfidence ?? 1), record.Set),
                .. PrelabelFacts.Read(record.Prelabels ?? [], _dataset.Schema),
            ],
            Scores = record.Scores is { } scores ? ScoresOf(record.ModelName!, scores) : null,
            Annotations = standing.Annotations,
            Labelled = standing.IsLabelled,
            Version = _history.Count,
            History = history,
            MachineDecisions = DecidedOf(record, standing),
        };
    }

    /// <summary>What machines decided about the image, and which of it stands beside what people said.</summary>
    private static MachineDecision[] DecidedOf(ImageRecord record, Standing human)
    {
        if (record.Machine is not { } json) return [];
        var decided = JsonSerializer.Deserialize(json, ModelJson.Default.MachineDecisionArray)!;
        var isInPool = record.Row.Partition != Partition.Holdout && record.Stage != Stage.Quarantined;
        var stands = MachineStanding.Of(human, record.Row.Label >= 0, isInPool, decided);
        return [.. decided.Select(d => ReferenceEquals(d, stands) ? d with { Stands = true } : d)];
    }

    public async Task<Opinion[]> GetOpinionsAsync(CancellationToken cancellationToken)
    {
        await FollowDatasetAsync(cancellationToken);
        await LoadedAsync(cancellationToken);
        return [.. ImageHistory.OpinionsOf(_history)];
    }

    /// <summary>What the model proposes: its most probable class, or where labels are sets those that it says are there.</summary>
    internal static Prelabel[] PrelabelsOf(DatasetInfo dataset, string? model, int predicted, float confidence, PredictedSet? set)
    {
        ClassTag Tag(int of, float sure) => new(dataset.Schema.Classes[of].Name) { Confidence = Math.Clamp(sure, 0, 1) };
        if (set is not null)
            return [new($"model:{model}", [.. set.Classes.Select((c, i) => Tag(c, set.Confidences[i]))]) { Confidence = set.Sure }];
        // Of sets the most probable class may well not be there.
        if (predicted < 0 || predicted >= dataset.Schema.Classes.Count || dataset.Schema.IsTags) return [];
        return [new($"model:{model}", [Tag(predicted, confidence)])];
    }

    private ImageScores ScoresOf(string model, ScoreRecord s) =>
        new(model, _dataset.Schema.Classes[s.Predicted].Name, _dataset.Schema.Classes[s.RunnerUp].Name, 1 - s.LeastConfidence,
        s.LeastConfidence, s.Margin, s.Entropy, s.Energy);
}
