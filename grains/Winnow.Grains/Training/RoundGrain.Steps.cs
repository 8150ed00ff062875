using System.Security.Cryptography;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;
using Winnow.Algorithms.Training;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Selection;
using Winnow.Model.Images;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>The steps of a round. Whatever is random is drawn from the dataset's seed, the arm and the round's number alone.</summary>
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

    private async Task SelectAsync(CancellationToken cancellationToken)
    {
        if (state.State.Selected.Count == 0)
        {
            var learning = await Dataset.PrepareLearningAsync(cancellationToken);
            var strategy = state.State.Command!.Strategy!;
            // Until the arm has a model of its own there is nothing to be uncertain about.
            if (_number == 1 || (QueryStrategies.Get(strategy).NeedsModel && learning.ModelName is null)) strategy = state.State.Command.ColdStart!;
            var request = new GatherCandidates(_arm, strategy, state.State.Command.BatchSize, _number, Seed, learning);
            async Task<float[]> LabelledVectorsAsync() => (await LabelledAsync(_arm, _number - 1, cancellationToken)).Vectors;
            var selected = await OnShardsAsync(shards => PoolSelection.SelectAsync(shards, request, _dataset.Schema.Classes.Count, LabelledVectorsAsync, cancellationToken), cancellationToken);
            if (selected.Count == 0) throw new RefusedException($"Arm '{_arm}' has no image left to ask about. Import more images, or end the learning here.");
            state.State.Strategy = strategy;
            state.State.Selected = [.. selected.Select(s => new SelectedRecord(s.Shard, s.Ordinal, s.Image, s.Priority))];
            state.State.ProjectionKey = learning.ProjectionKey;
            // Written before anybody is asked: after a crash the same images are asked about.
            await state.WriteStateAsync(CancellationToken.None);
        }
        var drawn = await Dataset.GetLearningAsync(cancellationToken);
        await datasets.OnShardsAsync(_dataset.Name, async layout =>
        {
            // By image: since they were selected, others may have taken over from the shards that held them.
            var selected = state.State.Selected.GroupBy(s => layout.ShardOf(s.Image)).ToArray();
            await selected.AllAsync(g => GrainFactory.GetGrain<IShardLearning>(GrainKeys.Shard(_dataset.Name, g.Key)).EnqueueAsync(
                new EnqueueTasks(Guid.Empty, _arm, _number, [.. g.Select(s => s.Ordinal)], [.. g.Select(s => s.Priority)], [.. g.Select(s => s.Image)]), cancellationToken));
            await layout.Grains<IShardLearning>(GrainFactory, _dataset.Name).AllAsync(s => AskAuditAsync(s, drawn, cancellationToken));
            return true;
        }, cancellationToken);
        await NextAsync(RoundStep.Review);
    }

    /// <summary>The audit sample is asked about before anything else: every figure of the round rests on it.</summary>
    private async Task AskAuditAsync(IShardLearning shard, LearningState learning, CancellationToken cancellationToken)
    {
        var unasked = await shard.GetUnaskedAuditAsync(learning, cancellationToken);
        if (unasked.Length == 0) return;
        var priorities = new float[unasked.Length];
        Array.Fill(priorities, 2f);
        await shard.EnqueueAsync(new EnqueueTasks(Guid.Empty, Arms.Audit, _number, unasked, priorities), cancellationToken);
    }

    private async Task ReviewAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var progress = await OnShardsAsync(shards => shards.AllAsync(s => s.GetProgressAsync(_arm, _number, cancellationToken)), cancellationToken);
            state.State.Decided = progress.Sum(p => p.Decided);
            state.State.AuditOpen = progress.Sum(p => p.AuditAsked - p.AuditDecided);
            if (progress.All(p => p.Decided == p.Asked && p.AuditDecided == p.AuditAsked)) break;
            await _wake.WaitAsync(Poll, cancellationToken);
        }
        await NextAsync(RoundStep.Train);
    }

    /// <param name="Audit">Of the audit sample: what became of the images that have no label.</param>
    private sealed record Labelled(ImageId[] Images, int[] Labels, float[] Vectors, int Dimensions, AuditRest Audit);

    /// <summary>Labelled rows of all shards in the order of image ids, so that training does not depend on how images arrived.</summary>
    private async Task<Labelled> LabelledAsync(string arm, int throughRound, CancellationToken cancellationToken)
    {
        var learning = await Dataset.GetLearningAsync(cancellationToken);
        var parts = await OnShardsAsync(
            shards => shards.AllAsync(s => s.GetLabelledAsync(arm, throughRound, learning, cancellationToken)), cancellationToken);
        if (arm == Arms.Audit) AuditSample.Check(parts, learning.AuditImages);
        var dimensions = parts.Max(p => p.Vectors.Dimensions);
        var images = parts.SelectMany(p => p.Images).ToArray();
        var labels = parts.SelectMany(p => p.Labels).ToArray();
        var vectors = parts.SelectMany(p => HeadEvaluation.ToSingles(p.Vectors)).ToArray();
        var order = Enumerable.Range(0, images.Length).ToArray();
        Array.Sort(images, order);
        var sorted = new float[vectors.Length];
        for (var i = 0; i < order.Length; i++) vectors.AsSpan(order[i] * dimensions, dimensions).CopyTo(sorted.AsSpan(i * dimensions));
        return new Labelled(images, [.. order.Select(o => labels[o])], sorted, dimensions, AuditSample.RestOf(parts));
    }

    private async Task TrainAsync(CancellationToken cancellationToken)
    {
        var data = await LabelledAsync(_arm, _number, cancellationToken);
        if (data.Images.Length < 2) throw new RefusedException($"Arm '{_arm}' has {data.Images.Length} usable labels after round {_number}; at least 2 are needed. Were the images rejected by people?");
        var classes = _dataset.Schema.Classes.Count;
        var (head, search) = await Task.Run(() =>
        {
            var search = RegularisationSearch.Choose(data.Vectors, data.Labels, classes, data.Dimensions, new RegularisationOptions(), Seed, cancellationToken);
            return (LogisticRegression.Fit(data.Vectors, data.Labels, classes, data.Dimensions, new LogisticRegressionOptions { C = search.C }, null, cancellationToken), search);
        }, cancellationToken);
        state.State.HeadKey = (await StoreHeadAsync(head, cancellationToken)).Key;
        state.State.Labels = data.Images.Length;
        state.State.DataSha256 = DataHash(data);
        state.State.Regularisation = search.C;
        state.State.CrossValidatedLogLoss = search.LogLoss;
        state.State.OutOfFoldTemperature = search.OutOfFoldLogits.Length == 0 ? 1 : TemperatureScaling.Fit(search.OutOfFoldLogits, data.Labels, classes);
        await NextAsync(RoundStep.Calibrate);
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
        var head = await ReadHeadAsync(state.State.HeadKey!, cancellationToken) with { Temperature = 1 };
        var audit = await LabelledAsync(Arms.Audit, int.MaxValue, cancellationToken);
        var temperature = audit.Images.Length < AuditEvaluation.SmallestForTemperature
            ? (float)state.State.OutOfFoldTemperature
            : TemperatureScaling.Fit(HeadEvaluation.Logits(head, audit.Vectors), audit.Labels, head.Classes);
        var calibrated = head with { Temperature = temperature };
        var (key, sha256) = await StoreHeadAsync(calibrated, cancellationToken);
        await objects.PutAsync(ObjectKeys.HeadOnnx(_dataset.Name, _arm, _number, sha256), await ExportAsync(calibrated, cancellationToken), cancellationToken);
        state.State.HeadKey = key;
        state.State.Model = new ModelVersion
        {
            Arm = _arm,
            Round = _number,
            Backbone = _dataset.Settings.Backbone,
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

    private async Task<(string Key, string Sha256)> StoreHeadAsync(SoftmaxHead head, CancellationToken cancellationToken)
    {
        var bytes = head.ToBytes();
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var key = ObjectKeys.Head(_dataset.Name, _arm, _number, sha256);
        await objects.PutAsync(key, bytes, cancellationToken);
        return (key, sha256);
    }

    private async Task<byte[]> ExportAsync(SoftmaxHead head, CancellationToken cancellationToken)
    {
        var bytes = await objects.GetAsync(state.State.ProjectionKey!, cancellationToken) ?? throw new InvalidDataException($"Projection {state.State.ProjectionKey} is not in the object store.");
        return exporter.ToOnnx(Projection.FromBytes(bytes.Span), head, [.. _dataset.Schema.Classes.Select(c => c.Name)]);
    }

    private async Task<SoftmaxHead> ReadHeadAsync(string key, CancellationToken cancellationToken)
    {
        var bytes = await objects.GetAsync(key, cancellationToken) ?? throw new InvalidDataException($"Head {key} is not in the object store.");
        return SoftmaxHead.FromBytes(bytes.Span);
    }

    private async Task EvaluateAsync(CancellationToken cancellationToken)
    {
        var head = await ReadHeadAsync(state.State.HeadKey!, cancellationToken);
        var audit = await LabelledAsync(Arms.Audit, int.MaxValue, cancellationToken);
        // Those that were open when this round's review ended were given up then; what another arm has asked about since is no outcome yet.
        var unlabelled = audit.Audit.Unlabelled + Math.Min(audit.Audit.Open, state.State.AuditOpen);
        AuditResult Measure(SoftmaxHead model, float fallback)
        {
            var logits = HeadEvaluation.Logits(model with { Temperature = 1 }, audit.Vectors);
            return AuditEvaluation.Measure(logits, audit.Labels, model.Classes, fallback, unlabelled);
        }

        var measured = Measure(head, (float)state.State.OutOfFoldTemperature);
        var learning = await Dataset.GetLearningAsync(cancellationToken);
        var bytes = head.ToBytes();
        var parts = await OnShardsAsync(
            shards => shards.AllAsync(s => s.EvaluateHoldoutAsync(bytes, learning, cancellationToken)), cancellationToken);
        var holdout = (parts.Sum(p => p.Count), parts.Sum(p => p.Correct), parts.Sum(p => p.LogLossSum));
        state.State.Model = state.State.Model! with { Metrics = AuditEvaluation.ToMetrics(measured, audit.Labels, head.Classes, holdout, state.State.CrossValidatedLogLoss) };

        var champion = await Dataset.GetChampionAsync(_arm, cancellationToken);
        var against = champion is null || champion.Model.Round == _number ? null
            : Measure(await ReadHeadAsync(champion.HeadKey, cancellationToken), (float)champion.Model.Temperature);
        var moreLabels = champion is null || state.State.Labels > champion.Model.Labels;
        var decision = audit.Labels.Length == 0
            ? PromotionRule.Unmeasured(unlabelled, moreLabels)
            : PromotionRule.Decide(measured.Losses, against?.Losses, measured.Right, against?.Right, moreLabels);
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
        await EndAsync(RoundStep.Done, null, cancellationToken);
    }
}
