using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Training;
using Winnow.Grains.Columns;
using Winnow.Grains.Datasets;
using Winnow.Grains.Evaluation;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>Labelled rows of all shards in the order of image ids, so that training does not depend on how images arrived.</summary>
/// <param name="Images">[n], ascending.</param>
/// <param name="Labels">[n], class indices; of sets only that there is one.</param>
/// <param name="Vectors">[n × <paramref name="Dimensions"/>].</param>
/// <param name="Dimensions">Length of a row.</param>
/// <param name="Audit">Of the audit sample: what became of the images that have no label.</param>
/// <param name="Sets">[n], where labels are sets of classes; null where they are not, or nobody can learn from them.</param>
internal sealed record RoundLabels(
    ImageId[] Images, int[] Labels, float[] Vectors, int Dimensions, AuditRest Audit, int[][]? Sets = null)
{
    /// <summary>The version of the label schema by which they are read; null: the first.</summary>
    public int? Schema { get; init; }

    /// <param name="round">Who asks.</param>
    /// <param name="arm">Whose labels; the audit sample's where it is <see cref="Arms.Audit"/>.</param>
    /// <param name="throughRound">Labels that later rounds asked for are left out.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<RoundLabels> ReadAsync(RoundWork round, string arm, int throughRound, CancellationToken cancellationToken)
    {
        var learning = await round.DatasetGrain.GetLearningAsync(cancellationToken);
        if (round.State.ProjectionKey is { } mine && mine != learning.ProjectionKey)
            throw new RefusedException(
                "The dataset has turned to another space of vectors since this round began. Start another: labels are kept.");
        if (learning.SchemaVersion > round.Dataset.Schema.Number) await round.FollowSchemaAsync(cancellationToken);
        round.ThrowIfOtherClasses();
        var parts = await round.OnShardsAsync(
            shards => shards.AllAsync(s => s.GetLabelledAsync(arm, throughRound, learning, cancellationToken)), cancellationToken);
        if (arm == Arms.Audit) AuditSample.Check(parts, learning.AuditImages);
        var dimensions = parts.Max(p => p.Vectors.Dimensions);
        var images = parts.SelectMany(p => p.Images).ToArray();
        var labels = parts.SelectMany(p => p.Labels).ToArray();
        int[][]? sets = Array.TrueForAll(parts, p => p.Sets is not null) ? [.. parts.SelectMany(p => p.Sets!.Each())] : null;
        var vectors = parts.SelectMany(p => p.Vectors.ToMatrix().Values).ToArray();
        var order = Enumerable.Range(0, images.Length).ToArray();
        Array.Sort(images, order);
        var sorted = new float[vectors.Length];
        for (var i = 0; i < order.Length; i++) vectors.AsSpan(order[i] * dimensions, dimensions).CopyTo(sorted.AsSpan(i * dimensions));
        return new RoundLabels(images, [.. order.Select(o => labels[o])], sorted, dimensions, AuditSample.RestOf(parts),
            sets is null ? null : [.. order.Select(o => sets[o])])
        {
            Schema = learning.Schema?.Version,
        };
    }

    /// <summary>As a trainer takes them.</summary>
    public Examples ToExamples(LabelSchema schema) => new(Vectors, Dimensions, ToTargets(schema));

    /// <summary>What each is to be. Where only where sets lie is known, each is of class 0.</summary>
    public Targets ToTargets(LabelSchema schema) => Sets is not null ? Targets.Sets(Sets, schema.Classes.Count)
        : Targets.Of(schema.IsOneClass ? Labels : new int[Labels.Length], schema.Classes.Count);

    /// <summary>SHA-256 over the images with their labels, lower-case hex.</summary>
    public string Sha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> row = stackalloc byte[ImageId.Size + sizeof(int)];
        for (var i = 0; i < Images.Length; i++)
        {
            Images[i].CopyTo(row);
            BinaryPrimitives.WriteInt32LittleEndian(row[ImageId.Size..], Labels[i]);
            hash.AppendData(row);
            if (Sets is not null) hash.AppendData(MemoryMarshal.AsBytes<int>([Sets[i].Length, .. Sets[i]]));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
