
namespace Winnow.Inference.Backbones;

/// <summary>Weights cannot be had or are not what was pinned; the message says what to do about it.</summary>
public sealed class WeightsUnavailableException : IOException
{
    public WeightsUnavailableException(string message)
        : base(message)
    {
    }

    public WeightsUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
