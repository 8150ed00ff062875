using Winnow.Grains.Selection;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>What a round has made durable. Each step reads what the steps before it left here, so it can go on at any of them.</summary>
public sealed class RoundState
{
    public StartRound? Command { get; set; }
    public RoundStep Step { get; set; }
    public string Strategy { get; set; } = "";
    public string? StartedBy { get; set; }
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    public List<SelectedRecord> Selected { get; set; } = [];
    public int Decided { get; set; }
    /// <summary>Audit images without an answer when the review ended.</summary>
    public int AuditOpen { get; set; }
    public int Labels { get; set; }
    public string? DataSha256 { get; set; }
    public string? ProjectionKey { get; set; }
    public double Regularisation { get; set; }
    public double? CrossValidatedLogLoss { get; set; }
    public double OutOfFoldTemperature { get; set; } = 1;
    public ModelVersion? Model { get; set; }
    public string? HeadKey { get; set; }
    public bool Better { get; set; }
    public bool? Promoted { get; set; }
    public string? Reason { get; set; }
}

/// <summary>The stored form of <see cref="Selected"/>. The image is what counts: where it stands in which shard was so when it was selected.</summary>
public sealed record SelectedRecord(int Shard, int Ordinal, Model.Images.ImageId Image, float Priority);
