namespace Winnow.Inference.Scoring;

/// <summary>
/// Runs batches for one worker. <see cref="BackboneRunner"/> is the real one; measurements and tests put devices with other costs and
/// faults in its place.
/// </summary>
internal interface IBatchRunner : IDisposable
{
    /// <summary>Length of an embedding.</summary>
    int Dimensions { get; }

    /// <summary>Side of the input in pixels.</summary>
    int Side { get; }

    /// <summary>Most images per run.</summary>
    int Capacity { get; }

    /// <summary>Whether each run is of so many, blank ones among them, and costs the same however few are wanted.</summary>
    bool AlwaysWhole => false;

    /// <summary>Where image number <paramref name="slot"/> of the next run is written: [3, side, side].</summary>
    Span<float> Slot(int slot);

    /// <summary>Runs the images in <paramref name="count"/> slots from <paramref name="start"/> on.</summary>
    /// <returns>[count, Dimensions], valid until the next run.</returns>
    /// <exception cref="Microsoft.ML.OnnxRuntime.OnnxRuntimeException">The model failed on this batch.</exception>
    ReadOnlySpan<float> Run(int start, int count);

    /// <summary>Runs one blank image; a device that fails on it is broken, whatever the images were.</summary>
    void RunBlank();
}
