using Winnow.Model.Acts;
using Winnow.Model.Images;

namespace Winnow.Client;

/// <summary>Which acts are asked for. What is null asks for nothing.</summary>
public sealed record ActFilter
{
    /// <summary>Who acted: the principal, the name that it was done for, or both as history writes them.</summary>
    public string? Actor { get; init; }

    /// <summary>What was done.</summary>
    public ActKind? What { get; init; }

    /// <summary>The image of the dataset that it was done to.</summary>
    public ImageId? Image { get; init; }

    /// <summary>From then on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before then.</summary>
    public DateTimeOffset? Until { get; init; }
}
