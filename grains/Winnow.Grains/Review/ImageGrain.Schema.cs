using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Grains.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// An image's history as the newest label schema has it; where its label counts as nothing that is known, the image is asked about again.
/// </summary>
internal sealed partial class ImageGrain
{
    private const int TriesToAsk = 3;

    /// <summary>
    /// Its name may be another dataset's by now, which was created after this one was deleted: what is known of the image is of no use
    /// then.
    /// </summary>
    private async ValueTask FollowDatasetAsync(CancellationToken cancellationToken) =>
        Follow(await datasets.GetAsync(_dataset.Name, cancellationToken));

    private void Follow(DatasetInfo dataset)
    {
        if (dataset.Since != _dataset.Since)
        {
            _said.Clear();
            _history.Clear();
            _givenBack.Clear();
            _loaded = false;
        }
        var isOther = dataset.Schema.Number != _dataset.Schema.Number;
        _dataset = dataset;
        if (isOther) MapHistory();
    }

    private void MapHistory()
    {
        _history.Clear();
        _history.AddRange(_said.Select(e => ImageHistory.Mapped(e, Map)));
    }

    private SchemaMap Map => SchemaMap.Of(_dataset.Schema);

    public async Task<bool> AskForSchemaAsync(int version, string actor, CancellationToken cancellationToken)
    {
        await FollowDatasetAsync(cancellationToken);
        if (_dataset.Schema.Number < version) Follow(await datasets.AskAsync(_dataset.Name, cancellationToken));
        for (var i = 0; i < TriesToAsk; i++)
        {
            await LoadAsync(cancellationToken);
            var record = await OnShardAsync((IShardIngest shard) => shard.FindAsync(_image, cancellationToken), cancellationToken);
            if (record is null || record.Stage == Stage.Quarantined || !BearsUnknown(record)) return false;
            var decision = new Decision
            {
                Kind = DecisionKind.AskAgain,
                Comment = string.Create(CultureInfo.InvariantCulture, $"Version {version} of the label schema has other classes."),
            };
            // The same call after a lost answer finds the image without such a label.
            var command = new SubmitDecision(_image, OperationOf(version), decision, ExpectedVersion: _history.Count);
            if (await TrySubmitAsync(command, actor, SubmitBounds.None, cancellationToken) is not { } result) continue;
            if (result.Status is SubmitStatus.Recorded or SubmitStatus.AlreadyRecorded) return true;
            throw new OrleansException($"{_image} cannot be asked about again: {result.Reason}");
        }
        throw new OrleansException($"{_image} changes while it is to be asked about again. Repeat the call.");
    }

    /// <summary>
    /// Whether a label stands of which nobody knows what it counts as, or one stood on the word of several of whom nobody knows what they
    /// said.
    /// </summary>
    private bool BearsUnknown(ImageRecord record)
    {
        var said = ImageHistory.Fold(_history);
        if (said.IsVoid) return true;
        if (said.Closed || said.TakesNoOther) return false;
        if (record.Row.Label is >= 0 and var cameWith) return Map.Asks(cameWith);
        return record.Stage is Stage.Labeled or Stage.Verified && _history.Exists(e => e.IsVoid);
    }

    private Guid OperationOf(int version) => OperationStamp.ContentOf(
        "ask-for-schema", _dataset.Since.UtcTicks.ToString(CultureInfo.InvariantCulture), _image.ToString(),
        version.ToString(CultureInfo.InvariantCulture), _history.Count.ToString(CultureInfo.InvariantCulture));
}
