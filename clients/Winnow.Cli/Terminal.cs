using System.Globalization;
using System.Text;
using Winnow.Model.Names;

#pragma warning disable RS0030 // Here alone.
namespace Winnow.Cli;

/// <summary>
/// All that commands say. Names, notes and reasons are of other people and other servers: a line stays one line, a field one field, and
/// nothing in them moves the cursor, colours the screen or reads backwards. No command writes to the console past it.
/// </summary>
internal static class Terminal
{
    /// <summary>One line on standard output.</summary>
    public static void Say(string line) => Console.WriteLine(ShownText.Clean(line));

    /// <summary>
    /// One line for other programs, its fields apart by tabs. Where it goes to a file or a pipe it may end in a spreadsheet, so what that
    /// would run as a formula is text.
    /// </summary>
    public static void SayFields(params IEnumerable<string> fields) =>
        Console.WriteLine(string.Join('\t', Console.IsOutputRedirected ? fields.Select(Cell) : fields.Select(ShownText.Clean)));

    /// <summary>A number is one, whatever its sign.</summary>
    private static string Cell(string field) =>
        double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? field : CsvText.Neutralised(field);

    /// <summary>Several lines whose every character is ours, or JSON, which writes all others as <c>\u001B</c>.</summary>
    public static void SayAsItIs(string text) => Console.WriteLine(text);

    /// <summary>One line on standard error.</summary>
    public static Task ComplainAsync(string line)
    {
        Complain(line);
        return Task.CompletedTask;
    }

    /// <summary>One line on standard error.</summary>
    public static void Complain(string line) => WriteError(ShownText.Clean(line) + Environment.NewLine);

    /// <summary>Standard error for what is written by a library: it quotes arguments.</summary>
    public static TextWriter Errors { get; } = new CleanWriter();

    /// <summary>Where it is closed or full nobody is left to tell, and the exit code says what there is to say.</summary>
    private static void WriteError(string text)
    {
        try
        {
            Console.Error.Write(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // Nowhere to say so.
        }
    }

    /// <summary>Passes on what it is given, each line clean.</summary>
    private sealed class CleanWriter : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            if (value is '\n' or '\r' || !char.IsSurrogate(value)) Write(value.ToString());
            else WriteError("\uFFFD");
        }

        public override void Write(string? value)
        {
            if (value is null) return;
            WriteError(string.Join('\n', value.Split('\n').Select(ShownText.Clean)));
        }

        public override void WriteLine(string? value) => Write(value + "\n");

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));
    }
}
