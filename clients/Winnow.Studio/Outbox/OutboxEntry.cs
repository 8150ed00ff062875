using System.Text.Json;
using System.Text.Json.Serialization;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Studio.Outbox;

/// <summary>What a person said, as it is kept in the browser until the server has it.</summary>
internal sealed record OutboxEntry
{
    /// <summary>Its place in the order in which things were said; given when it is kept.</summary>
    public long Order { get; init; }

    /// <summary>Who said it: nobody else's session sends it.</summary>
    public required string Owner { get; init; }

    public required string Dataset { get; init; }

    /// <summary>The image that it is about.</summary>
    public required ImageId Image { get; init; }

    /// <summary>
    /// What is sent, a <see cref="SubmitDecision"/> in the model's own form. What takes something back learns its entry and version when
    /// its turn comes.
    /// </summary>
    public required string Command { get; init; }

    /// <summary>The operation that is taken back; null for an answer.</summary>
    public Guid? TakesBack { get; init; }

    /// <summary>The image's name, for whoever looks at what is on its way.</summary>
    public required string Name { get; init; }

    /// <summary>What was said, in words.</summary>
    public required string Words { get; init; }

    /// <summary><c>waiting</c>, <c>sending</c> (it may have arrived), or <c>refused</c>.</summary>
    public string State { get; init; } = Waiting;

    /// <summary>Why it was refused, as the server says.</summary>
    public string? Reason { get; init; }

    public const string Waiting = "waiting";
    public const string Refused = "refused";

    /// <summary>What somebody says of an image.</summary>
    public static OutboxEntry Of(string owner, string dataset, SubmitDecision said, string name, string words) => new()
    {
        Owner = owner,
        Dataset = dataset,
        Image = said.Image,
        Command = Write(said),
        Name = name,
        Words = words,
    };

    /// <summary>As it is sent.</summary>
    public SubmitDecision Read() => JsonSerializer.Deserialize(Command, ModelJson.Default.SubmitDecision)!;

    public static string Write(SubmitDecision said) => JsonSerializer.Serialize(said, ModelJson.Default.SubmitDecision);

    [JsonIgnore]
    public bool IsRefused => State == Refused;
}

/// <summary>How entries are written: without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OutboxEntry))]
[JsonSerializable(typeof(OutboxEntry[]))]
internal sealed partial class OutboxJson : JsonSerializerContext;
