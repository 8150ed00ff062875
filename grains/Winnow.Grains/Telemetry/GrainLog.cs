using Microsoft.Extensions.Logging;
using Winnow.Model.Images;

namespace Winnow.Grains.Telemetry;

/// <summary>What the grains log. No message carries a secret, a lease or the content of an image.</summary>
internal static partial class GrainLog
{
    [LoggerMessage(1, LogLevel.Information,
        "Shard {Shard} opened: {Images} images, {Embedded} embedded, {OpenTasks} open tasks, epoch {Epoch}")]
    public static partial void ShardOpened(this ILogger logger, string shard, int images, int embedded, int openTasks, long epoch);

    [LoggerMessage(2, LogLevel.Warning, "Shard {Shard} lost its ledger epoch to another activation and closes")]
    public static partial void ShardFenced(this ILogger logger, string shard);

    [LoggerMessage(3, LogLevel.Error, "Shard {Shard} could not commit; its state is read again from the ledger")]
    public static partial void CommitFailed(this ILogger logger, Exception exception, string shard);

    [LoggerMessage(4, LogLevel.Warning, "Shard {Shard}: embedding stalled, next try in {Delay}")]
    public static partial void ScoringStalled(this ILogger logger, Exception exception, string shard, TimeSpan delay);

    [LoggerMessage(21, LogLevel.Warning,
        "Shard {Shard}: its images wait for their embeddings, and it is tried again until they have them. {Reason}")]
    public static partial void ScoringWaits(this ILogger logger, string shard, string reason);

    [LoggerMessage(22, LogLevel.Debug, "Shard {Shard}: embedding stands still for the same reason, next try in {Delay}")]
    public static partial void ScoringStillWaits(this ILogger logger, Exception exception, string shard, TimeSpan delay);

    [LoggerMessage(5, LogLevel.Warning, "Shard {Shard}: segment {Object} cannot be used and its rows are made again: {Reason}")]
    public static partial void SegmentUnusable(this ILogger logger, string shard, string @object, string reason);

    [LoggerMessage(6, LogLevel.Information, "Shard {Shard}: {Count} images put aside while decoding")]
    public static partial void Quarantined(this ILogger logger, string shard, int count);

    [LoggerMessage(7, LogLevel.Warning, "Shard {Shard}: the superseded segment {Object} could not be removed and is tried again later")]
    public static partial void SupersededNotRemoved(this ILogger logger, Exception exception, string shard, string @object);

    [LoggerMessage(8, LogLevel.Information,
        "{Moved} shards of this silo moved to others, now that {Silos} silos hold data; {Left} stay for the moment")]
    public static partial void ShardsMoved(this ILogger logger, int moved, int silos, int left);

    [LoggerMessage(9, LogLevel.Warning,
        "Shard {Shard} could not be moved to where it belongs, and no other is for the moment; the next try comes by itself")]
    public static partial void ShardNotMoved(this ILogger logger, Exception exception, string shard);

    [LoggerMessage(13, LogLevel.Error, "Shards of this silo are not moved to others any more until it is started again")]
    public static partial void RebalancingEnded(this ILogger logger, Exception exception);

    [LoggerMessage(17, LogLevel.Error, "Shard {Shard} does not open and is set aside: {Problem}")]
    public static partial void ShardSetAside(this ILogger logger, string shard, string problem);

    [LoggerMessage(18, LogLevel.Warning, "Shard {Shard}: {Count} tasks are left out, the first of them because {Problem}")]
    public static partial void TasksLeftOut(this ILogger logger, string shard, int count, string problem);

    [LoggerMessage(19, LogLevel.Warning, "Shard {Shard}: {Count} rows of segments cannot be used; what they are of is made again")]
    public static partial void ColumnsUnusable(this ILogger logger, string shard, int count);

    [LoggerMessage(10, LogLevel.Information, "Round {Round}: {Step}")]
    public static partial void RoundStep(this ILogger logger, string round, Model.Training.RoundStep step);

    [LoggerMessage(11, LogLevel.Error, "Round {Round} failed at {Step}")]
    public static partial void RoundFailed(this ILogger logger, Exception exception, string round, Model.Training.RoundStep step);

    [LoggerMessage(23, LogLevel.Error, "Round {Round} ended at {Step}: {Reason}")]
    public static partial void RoundRefused(this ILogger logger, string round, Model.Training.RoundStep step, string reason);

    [LoggerMessage(12, LogLevel.Warning, "Round {Round}: {Step} did not succeed, next try in {Delay}")]
    public static partial void RoundRetries(this ILogger logger, Exception exception, string round, Model.Training.RoundStep step,
        TimeSpan delay);

    [LoggerMessage(14, LogLevel.Information,
        "Round {Round} asked people: {Labelled} labelled, {Rejected} rejected, {Skipped} skipped, {Withdrawn} withdrawn, "
        + "{Unanswered} unanswered")]
    public static partial void RoundAsked(this ILogger logger, string round, int labelled, int rejected, int skipped, int withdrawn,
        int unanswered);

    [LoggerMessage(15, LogLevel.Information, "Round {Round} was ended by {Actor}; it is at {Step}")]
    public static partial void RoundEndedByHand(this ILogger logger, string round, string actor, Model.Training.RoundStep step);

    [LoggerMessage(16, LogLevel.Warning, "Round {Round}: the queue does not say who is at work; it is asked again")]
    public static partial void QueueSilent(this ILogger logger, Exception exception, string round);

    [LoggerMessage(20, LogLevel.Information,
        "Dataset {Dataset}: projection fitted on {Rows} embeddings, {Dimensions} dimensions keep {Explained:P1} of the variance")]
    public static partial void ProjectionFitted(this ILogger logger, string dataset, int rows, int dimensions, double explained);

    [LoggerMessage(21, LogLevel.Information,
        "Dataset {Dataset}: version {Version} of {Images} images, {Labeled} labelled, manifest {Sha256}")]
    public static partial void VersionMade(this ILogger logger, string dataset, int version, long images, long labeled, string sha256);

    [LoggerMessage(22, LogLevel.Information, "Dataset {Dataset}: version {Version} of its policies, by {Actor}")]
    public static partial void PoliciesChanged(this ILogger logger, string dataset, int version, string actor);

    [LoggerMessage(70, LogLevel.Information, "Dataset {Dataset}: version {Version} of its label schema, by {Actor}")]
    public static partial void SchemaChanged(this ILogger logger, string dataset, int version, string actor);

    [LoggerMessage(71, LogLevel.Information,
        "Dataset {Dataset}: {Images} images are asked about again, as version {Version} of its label schema wants")]
    public static partial void SchemaAsked(this ILogger logger, string dataset, int version, long images);

    [LoggerMessage(72, LogLevel.Warning, "Dataset {Dataset}: asking again for its label schema stands still, next try in {Delay}")]
    public static partial void SchemaAskingStalls(this ILogger logger, Exception exception, string dataset, TimeSpan delay);

    [LoggerMessage(74, LogLevel.Debug, "Queue of {Dataset}: it did not hear of the newest label schema, and asks for itself")]
    public static partial void QueueDidNotHear(this ILogger logger, Exception exception, string dataset);

    [LoggerMessage(31, LogLevel.Debug, "Queue of {Dataset}: the dataset does not say its policies; it is asked again")]
    public static partial void PoliciesSilent(this ILogger logger, Exception exception, string dataset);

    [LoggerMessage(73, LogLevel.Debug, "Queue of {Dataset}: where images lie is not known now; the surest come first")]
    public static partial void LyingUnknown(this ILogger logger, Exception exception, string dataset);

    [LoggerMessage(67, LogLevel.Debug, "Queue of {Dataset}: image {Image} could not be told that its task was given back")]
    public static partial void GivingBackUntold(this ILogger logger, Exception exception, string dataset, ImageId image);

    [LoggerMessage(30, LogLevel.Warning, "Queue of {Dataset}: shard {Shard} did not give tasks")]
    public static partial void QueueRefillFailed(this ILogger logger, Exception exception, string dataset, int shard);

    [LoggerMessage(68, LogLevel.Warning, "Queue of {Dataset}: somebody was given fewer tasks than they may have")]
    public static partial void MoreTasksFailed(this ILogger logger, Exception exception, string dataset);

    [LoggerMessage(32, LogLevel.Information, "Shard {Shard}: {Count} reservations ran out, and their tasks can be set aside again")]
    public static partial void ReservationsRanOut(this ILogger logger, string shard, int count);

    [LoggerMessage(40, LogLevel.Warning, "Key {Key}: its use could not be written down")]
    public static partial void KeyUseNotRemembered(this ILogger logger, Exception exception, string key);

    [LoggerMessage(50, LogLevel.Information, "Dataset {Dataset}: its {From} shards are being doubled to {To}")]
    public static partial void SplitBegins(this ILogger logger, string dataset, int from, int to);

    [LoggerMessage(51, LogLevel.Information, "Dataset {Dataset} is held by {Shards} shards now; writes waited {Milliseconds} ms")]
    public static partial void SplitDone(this ILogger logger, string dataset, int shards, double milliseconds);

    [LoggerMessage(52, LogLevel.Warning, "Dataset {Dataset}: the doubling of its shards did not go on, next try in {Delay}")]
    public static partial void SplitRetries(this ILogger logger, Exception exception, string dataset, TimeSpan delay);

    [LoggerMessage(53, LogLevel.Information, "Dataset {Dataset}: the rows and segments of {Shards} superseded shards are removed")]
    public static partial void SupersededShardsRemoved(this ILogger logger, string dataset, int shards);

    [LoggerMessage(60, LogLevel.Warning,
        "Dataset {Dataset} is deleted by {Actor}: nobody sees it any more, and all that is kept of it goes")]
    public static partial void DeletionBegins(this ILogger logger, string dataset, string actor);

    [LoggerMessage(61, LogLevel.Information, "Dataset {Dataset}, deleted by {Actor}, is gone: {Objects} objects, {Rows} rows")]
    public static partial void DeletionEnded(this ILogger logger, string dataset, string actor, long objects, long rows);

    [LoggerMessage(62, LogLevel.Warning, "Dataset {Dataset}: its deletion did not go on, next try in {Delay}")]
    public static partial void DeletionRetries(this ILogger logger, Exception exception, string dataset, TimeSpan delay);

    [LoggerMessage(63, LogLevel.Warning, "Shard {Shard}: work behind what serves stands still, next try in {Delay}")]
    public static partial void BackgroundStalled(this ILogger logger, Exception exception, string shard, TimeSpan delay);

    [LoggerMessage(64, LogLevel.Warning, "Backbones of {Dataset}: work on them stands still, next try in {Delay}")]
    public static partial void BackbonesStall(this ILogger logger, Exception exception, string dataset, TimeSpan delay);

    [LoggerMessage(65, LogLevel.Information, "Backbone {Backbone} of {Dataset} is ready: {Images} images have its embeddings")]
    public static partial void BackboneReady(this ILogger logger, string dataset, string backbone, long images);

    [LoggerMessage(66, LogLevel.Information, "Backbone {Backbone} of {Dataset} was dropped, and what it made is removed")]
    public static partial void BackboneRemoved(this ILogger logger, string dataset, string backbone);

    [LoggerMessage(69, LogLevel.Warning,
        "Queue of {Dataset}: shards did not say which labels are known; people are checked by those of before")]
    public static partial void GoldSilent(this ILogger logger, Exception exception, string dataset);
}
