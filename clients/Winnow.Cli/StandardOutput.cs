using System.Runtime.InteropServices;
using System.Text;

namespace Winnow.Cli;

/// <summary>
/// Standard output where it is a pipe or a file. The class library passes over a pipe whose reader has gone, so a command would go on for
/// nobody; here it ends, as programs do that are not told otherwise.
/// </summary>
internal sealed partial class StandardOutput : Stream
{
    private const int Descriptor = 1, ErrorDescriptor = 2;
    private const int GetFlags = 1, ClosedByExec = 1;
    private const short Error = 0x8, HungUp = 0x10, NotOpen = 0x20;

    private readonly Stream? _inner;

    private StandardOutput(Stream? inner) => _inner = inner;

    /// <summary>Has all of the program write to it. On a terminal nothing changes.</summary>
    public static void Install()
    {
        if (OperatingSystem.IsWindows()) return;
        if (!WasGiven(ErrorDescriptor)) Console.SetError(TextWriter.Null);
        if (!Console.IsOutputRedirected) return;
        var inner = WasGiven(Descriptor) ? Console.OpenStandardOutput() : null;
        var encoding = Console.OutputEncoding;
        if (encoding is UTF8Encoding) encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        Console.SetOut(new StreamWriter(new StandardOutput(inner), encoding) { AutoFlush = true });
    }

    public override bool CanRead => false;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_inner is null) throw new OutputLostException(isGone: true, null);
        try
        {
            _inner.Write(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutputLostException(IsGone(), e);
        }
        if (IsGone()) throw new OutputLostException(isGone: true, null);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>
    /// Whether the program was given an open descriptor. Of one that was closed the runtime takes the number for a file of its own, into
    /// which nothing may be written; such files are closed by exec, so none that is handed down is one.
    /// </summary>
    private static bool WasGiven(int descriptor) => Control(descriptor, GetFlags) is var flags && flags >= 0 && (flags & ClosedByExec) == 0;

    /// <summary>Whether nobody can read any more what is written.</summary>
    private static bool IsGone()
    {
        var asked = new Polled { Descriptor = Descriptor };
        return Poll(ref asked, 1, 0) > 0 && (asked.Told & (Error | HungUp | NotOpen)) != 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Polled
    {
        public int Descriptor;
        public short Asked;
        public short Told;
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref Polled descriptors, nuint count, int milliseconds);
}

/// <summary>What a command says cannot be written.</summary>
/// <param name="isGone">Whether whoever read it has gone; else it does not fit, or fails.</param>
/// <param name="cause">What the system said.</param>
internal sealed class OutputLostException(bool isGone, Exception? cause) : Exception(cause?.Message ?? "Nobody reads it any more.", cause)
{
    /// <summary>Whether whoever read it has gone.</summary>
    public bool IsGone => isGone;

    /// <summary>The one that lies beneath a problem; null where it has another cause.</summary>
    public static OutputLostException? Beneath(Exception? problem)
    {
        for (; problem is not null; problem = problem.InnerException)
            if (problem is OutputLostException lost) return lost;
        return null;
    }
}
