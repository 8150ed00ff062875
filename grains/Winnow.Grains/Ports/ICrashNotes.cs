using Winnow.Model.Images;

namespace Winnow.Grains.Ports;

/// <summary>How far an image is suspected of ending the process that looks at it.</summary>
public enum Suspicion
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>It was under way, perhaps among others, when the process died.</summary>
    Suspect,

    /// <summary>The process died again and again while it was under way alone.</summary>
    Guilty,
}

/// <summary>
/// What a scoring silo has under way, kept where it outlives the process: native code that crashes ends the process and says nothing. It
/// need not outlive the machine. Thread-safe.
/// </summary>
public interface ICrashNotes
{
    /// <summary>Whether any image is suspected: lots are run with care as long as one is.</summary>
    bool AnySuspect { get; }

    /// <summary>How far one is.</summary>
    Suspicion Of(string dataset, ImageId image);

    /// <summary>
    /// Notes that images are looked at from now on. Disposing the result says that the process has outlived it, which clears an image that
    /// was alone.
    /// </summary>
    IDisposable Begin(string dataset, IReadOnlyList<ImageId> images);
}

/// <summary>Keeps nothing: where a crash is somebody else's to deal with.</summary>
public sealed class NoCrashNotes : ICrashNotes, IDisposable
{
    /// <inheritdoc/>
    public bool AnySuspect => false;

    /// <inheritdoc/>
    public Suspicion Of(string dataset, ImageId image) => Suspicion.None;

    /// <inheritdoc/>
    public IDisposable Begin(string dataset, IReadOnlyList<ImageId> images) => this;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
