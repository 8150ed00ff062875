namespace Winnow.Abstractions.Health;

/// <summary>
/// What is stored cannot be read, or says what cannot be. It is set aside: nothing that needs it is done until somebody has mended or
/// removed it, and everything else goes on. At the front door it becomes 409, since no repetition helps.
/// </summary>
[GenerateSerializer, Alias("winnow.set-aside")]
public sealed class SetAsideException : Exception
{
    public SetAsideException(string message) : base(message) { }

    public SetAsideException(string message, Exception inner) : base(message, inner) { }

    /// <summary>
    /// The one that lies beneath an exception, however often it was wrapped on its way, as a grain is whose state cannot be read; null
    /// when none does.
    /// </summary>
    public static SetAsideException? Beneath(Exception? problem) => problem switch
    {
        null => null,
        SetAsideException aside => aside,
        AggregateException several => several.InnerExceptions.Select(Beneath).FirstOrDefault(aside => aside is not null),
        _ => Beneath(problem.InnerException),
    };

    /// <summary>
    /// Waits for work that is one of several: that what it needs is set aside keeps the others from nothing, and the health page has it.
    /// </summary>
    public static async Task PassedOverAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception e) when (Beneath(e) is not null)
        {
            // Named on the health page, with what to do.
        }
    }
}
