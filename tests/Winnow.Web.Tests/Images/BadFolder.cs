using System.Diagnostics;
using System.Net.Sockets;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images;

/// <summary>A folder with sound images and everything else that folders of users hold.</summary>
internal sealed class BadFolder : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("winnow-bad-");
    private readonly DirectoryInfo _outside = Directory.CreateTempSubdirectory("winnow-outside-");
    private readonly List<IDisposable> _open = [];
    private int _images;

    public BadFolder()
    {
        // Others may look into them: a test reads them as a user who is not root.
        Mode("755", Root, Outside);
    }

    public string Root => _root.FullName;

    public string Outside => _outside.FullName;

    public string PathOf(string name) => Path.Combine(Root, name);

    /// <summary>A sound image, unlike all others; its path.</summary>
    public string Image(string name)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, DrawnImages.Draw(1_000 + _images++));
        return path;
    }

    public string OutsideImage(string name)
    {
        var path = Path.Combine(Outside, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, DrawnImages.Draw(2_000 + _images++));
        return path;
    }

    public void Text(string name, string text) => File.WriteAllText(PathOf(name), text);

    public void Link(string name, string target) => File.CreateSymbolicLink(PathOf(name), target);

    public void Pipe(string name) => Run("mkfifo", PathOf(name));

    public void Socket(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(PathOf(name)));
        _open.Add(socket);
    }

    /// <summary>A file of so many bytes that takes no room.</summary>
    public void Sparse(string name, long bytes)
    {
        using var file = File.Create(PathOf(name));
        file.SetLength(bytes);
    }

    /// <summary>Lets others do so much.</summary>
    public static void Mode(string mode, params string[] paths) => Run("chmod", [mode, .. paths]);

    /// <summary>A file or folder whose name is Latin-1, which no string of this runtime can name.</summary>
    public void Latin1(string script) => Run("bash", "-c", $"cd '{Root}' && {script}");

    public void Dispose()
    {
        foreach (var open in _open) open.Dispose();
        Run("rm", "-rf", Root, Outside);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
