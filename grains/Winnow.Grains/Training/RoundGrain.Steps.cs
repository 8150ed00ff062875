using System.Globalization;
using System.Security.Cryptography;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Evaluation;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Training;
using Winnow.Grains.Columns;
using Winnow.Grains.Datasets;
using Winnow.Grains.Evaluation;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>The steps of a round, and those of them that learn. Whatever is random is drawn from the dataset's seed, the arm and the round's number alone.</summary>
internal sealed partial class RoundGrain
{
    private Task StepAsync(RoundStep step, CancellationToken cancellationToken) => step switch
    {
        RoundStep.Select => SelectAsync(cancellationToken),
        RoundStep.Review => ReviewAsync(cancellationToken),
        RoundStep.Train => TrainAsync(cancellationToken),
        RoundStep.Calibrate => CalibrateAsync(cancellationToken),
        RoundStep.Evaluate => EvaluateAsync(cancellationToken),
        RoundStep.Promote => PromoteAsync(cancellationToken),
        RoundStep.Rescore => RescoreAsync(cancellationToken),
        _ => throw new InvalidOperationException($"{step} is not a step of a round."),
    };

    private ulong Seed
    {
        get
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(FormattableString.Invariant($"{_dataset.Settings.Seed}/{_arm}/{_number}")), hash);
            return BitConverter.ToUInt64(hash);
        }
    }

    /// <param name="Audit">Of the audit sample: what became of the images that have no label.</param>
    private sealed record Labelled(ImageId[] Images, int[] Labels, float[] Vectors, int Dimensions, AuditRest Audit);

    /// <summary>Labelled rows of all shards in the order of image ids, so that training does not depend on how images arrived.</summary>
    private async Task<Labelled> LabelledAsync(string arm, int throughRound, CancellationToken cancellationToken)
    {
        var learning = await Dataset.GetLearningAsync(cancellationToken);
        if (state.State.ProjectionKey is { } mine && mine != learning.ProjectionKey)
            throw new RefusedException(
                "The dataset has turned to another space of vectors since this round began. Start another: labels are kept.");
        var parts = await OnShardsAsync(
            shards => shards.AllAsync(s => s.GetLabelledAsync(arm, throughRound, learning, cancellationToken)), cancellationToken);
        if (arm == Arms.Audit) AuditSample.Check(parts, learning.AuditImages);
        var dimensions = parts.Max(p => p.Vectors.Dimensions);
        var images = parts.SelectMany(p => p.Images).ToArray();
        var labels = parts.SelectMany(p => p.Labels).ToArray();
        var vectors = parts.SelectMany(p => p.Vectors.ToMatrix().Values).ToArray();
        var order = Enumerable.Range(0, images.Length).ToArray();
        Array.Sort(images, order);
        var sorted = new float[vectors.Length];
        for (var i = 0; i < order.Length; i++) vectors.AsSpan(order[i] * dimensions, dimensions).CopyTo(sorted.AsSpan(i * dimensions));
        return new Labelled(images, [.. order.Select(o => labels[o])], sorted, dimensions, AuditSample.RestOf(parts));
    }

    private async Task TrainAsync(CancellationToken cancellationToken)
    {
        var data = await LabelledAsync(_arm, _number, cancellationToken);
        if (data.Images.Length < 2) throw new RefusedException(TooFew(data.Images.Length));
        var classes = _dataset.Schema.Classes.Count;
        var examples = new Examples(data.Vectors, data.Dimensions, Targets.Of(data.Labels, classes));
        var trained = await Task.Run(() => Trainers.All.Get("logistic-regression").Train(examples, Seed, null, cancellationToken), cancellationToken);
        state.State.HeadKey = (await StoreHeadAsync(trained.Head, cancellationToken)).Key;
        state.State.Labels = data.Images.Length;
        state.State.DataSha256 = DataHash(data);
        state.State.Regularisation = trained.Regularisation;
        state.State.CrossValidatedLogLoss = trained.CrossValidatedLogLoss;
        state.State.OutOfFoldTemperature = trained.OutOfFoldTemperature;
        await NextAsync(RoundStep.Calibrate);
    }

    private string TooFew(int labels)
    {
        var few = string.Create(CultureInfo.InvariantCulture, $"Arm '{_arm}' has {labels} usable labels after round {_number}; at least 2 are needed.");
        if (state.State.Outcomes is not { } o) return few;
        return few + string.Create(
            CultureInfo.InvariantCulture,
            $" Of its {state.State.Selected.Count} images {o.Labelled} were labelled, {o.Rejected} rejected, {o.Skipped} skipped, " +
            $"{o.Withdrawn} withdrawn and {o.Unanswered} left without an answer{(state.State.EndedBy is { } who ? $" when {who} ended it" : "")}.");
    }

    private static string DataHash(Labelled data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> row = stackalloc byte[ImageId.Size + sizeof(int)];
        for (var i = 0; i < data.Images.Length; i++)
        {
            data.Images[i].CopyTo(row);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(row[ImageId.Size..], data.Labels[i]);
            hash.AppendData(row);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async Task CalibrateAsync(CancellationToken cancellationToken)
    {
        var head = (await ReadHeadAsync(state.State.HeadKey!, cancellationToken)).At(1);
        var audit = await LabelledAsync(Arms.Audit, int.MaxValue, cancellationToken);
        var temperature = AuditEvaluation.Temperature(
            HeadRows.Logits(head, audit.Vectors), audit.Labels, head.Classes, (float)state.State.OutOfFoldTemperature);
        var calibrated = head.At(temperature);
        var learning = await Dataset.GetLearningAsync(cancellationToken);
        var (key, sha256) = await StoreHeadAsync(calibrated, cancellationToken);
        await objects.PutAsync(ObjectKeys.HeadOnnx(_dataset.Name, _arm, _number, sha256), await ExportAsync(calibrated, cancellationToken), cancellationToken);
        state.State.HeadKey = key;
        state.State.Model = new ModelVersion
        {
            Arm = _arm,
            Round = _number,
            Backbone = learning.Backbone ?? _dataset.Settings.Backbone,
            ProjectionSha256 = state.State.ProjectionKey![(state.State.ProjectionKey!.LastIndexOf('/') + 1)..],
            DataSha256 = state.State.DataSha256!,
            HeadSha256 = sha256,
            Labels = state.State.Labels,
            Regularisation = state.State.Regularisation,
            Temperature = temperature,
            TrainedAt = time.GetUtcNow(),
        };
        await NextAsync(RoundStep.Evaluate);
    }

    private async Task<(string Key, string Sha256)> StoreHeadAsync(IHead head, CancellationToken cancellationToken)
    {
        var bytes = head.ToBytes();
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var key = ObjectKeys.Head(_dataset.Name, _arm, _number, sha256);
        await objects.PutAsync(key, bytes, cancellationToken);
        return (key, sha256);
    }

    private async Task<byte[]> ExportAsync(IHead head, CancellationToken cancellationToken)
    {
        var bytes = await objects.GetAsync(state.State.ProjectionKey!, cancellationToken) ?? throw new InvalidDataException($"Projection {state.State.ProjectionKey} is not in the object store.");
        return exporter.ToOnnx(Projection.FromBytes(bytes.Span), head, [.. _dataset.Schema.Classes.Select(c => c.Name)]);
    }

    private async Task<IHead> ReadHeadAsync(string key, CancellationToken cancellationToken)
    {
        var bytes = await objects.GetAsync(key, cancellationToken) ?? throw new InvalidDataException($"Head {key} is not in the object store.");
        return HeadFormats.Read(bytes.Span);
    }

    private async Task EvaluateAsync(CancellationToken cancellationToken)
    {
        var head = await ReadHeadAsync(state.State.HeadKey!, cancellationToken);
        var audit = await LabelledAsync(Arms.Audit, int.MaxValue, cancellationToken);
        // Those that were open when this round's review ended were given up then; what another arm has asked about since is no outcome yet.
        var unlabelled = audit.Audit.Unlabelled + Math.Min(audit.Audit.Open, state.State.AuditOpen);
        AuditResult Measure(IHead model, float fallback)
        {
            var logits = HeadRows.Logits(model.At(1), audit.Vectors);
            return AuditEvaluation.Measure(logits, audit.Labels, model.Classes, fallback, unlabelled);
        }

        var measured = Measure(head, (float)state.State.OutOfFoldTemperature);
        var learning = await Dataset.GetLearningAsync(cancellationToken);
        var bytes = head.ToBytes();
        var parts = await OnShardsAsync(
            shards => shards.AllAsync(s => s.EvaluateHoldoutAsync(bytes, learning, cancellationToken)), cancellationToken);
        var figures = AuditEvaluation.Figures(measured, head.Classes);
        state.State.Model = state.State.Model! with { Metrics = ModelFigures.Of(figures, parts, state.State.CrossValidatedLogLoss) };

        var champion = await Dataset.GetChampionAsync(_arm, cancellationToken);
        var against = champion is null || champion.Model.Round == _number ? null
            : Measure(await ReadHeadAsync(champion.HeadKey, cancellationToken), (float)champion.Model.Temperature);
        var moreLabels = champion is null || state.State.Labels > champion.Model.Labels;
        var decision = PromotionRules.All.Get("unless-worse").Decide(new PromotionCase(measured, against, moreLabels));
        (state.State.Better, state.State.Reason) = (decision.Promote, decision.Reason);
        await NextAsync(RoundStep.Promote);
    }

    private async Task PromoteAsync(CancellationToken cancellationToken)
    {
        // What was settled first stands, should another activation of this round have been here before it was cut off.
        var settled = await Dataset.SettleRoundAsync(new SettleRound(state.State.Model!, state.State.HeadKey!, state.State.Better), cancellationToken);
        (state.State.Model, state.State.HeadKey, state.State.Promoted) = (settled.Model, settled.HeadKey, settled.Promote);
        await NextAsync(RoundStep.Rescore);
    }

    private async Task RescoreAsync(CancellationToken cancellationToken)
    {
        // Only the main arm's champion scores the pool: another arm's would have no reader.
        if (state.State.Promoted == true && _arm == Arms.Main)
        {
            var learning = await Dataset.GetLearningAsync(cancellationToken);
            await OnShardsAsync(async shards =>
            {
                await shards.AllAsync(s => s.RescoreAsync(learning, cancellationToken));
                return true;
            }, cancellationToken);
        }
        await FinishAsync(RoundStep.Done, null);
    }
}
