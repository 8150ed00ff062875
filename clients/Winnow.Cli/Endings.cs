using System.Text.Json;
using Winnow.Client;
using Winnow.Inference.Backbones;

namespace Winnow.Cli;

/// <summary>How every command ends: with one of <see cref="ExitCodes"/>, and when not well, with a sentence on standard error.</summary>
internal static class Endings
{
    public static async Task<int> RunAsync(Func<Task<int>> run, CancellationToken cancellationToken)
    {
        try
        {
            return await run();
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Whatever broke while the command was being stopped is no news.
            await Terminal.ComplainAsync("Stopped.");
            return ExitCodes.Stopped;
        }
        catch (Exception e)
        {
            var (code, sentence) = Explain(e);
            await Terminal.ComplainAsync(sentence);
            return code;
        }
    }

    private static (int Code, string Sentence) Explain(Exception problem) => problem switch
    {
        ArgumentException e => (ExitCodes.Misused, WithoutParameter(e)),
        HttpRequestException e => (ExitCodes.Failed, e.Message),
        HttpIOException e =>
            (ExitCodes.Failed, $"The server broke off before all of its answer had come: {e.Message} Run the command again."),
        WinnowApiException or WeightsUnavailableException or IOException or TimeoutException or InvalidDataException or JsonException
            or UnauthorizedAccessException => (ExitCodes.Failed, FileSentences.Of(problem) ?? problem.Message),
        _ => (ExitCodes.Failed, $"winnow itself is at fault ({problem.GetType().Name}): {problem.Message}"),
    };

    /// <summary>The name of a method's parameter says nothing to whoever typed the command.</summary>
    private static string WithoutParameter(ArgumentException problem) =>
        problem.ParamName is null
            ? problem.Message
            : problem.Message.Replace($" (Parameter '{problem.ParamName}')", "", StringComparison.Ordinal);
}
