using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Model.Names;

namespace Winnow.Web.Security;

/// <summary>The dataset that a request is about.</summary>
internal static class RouteDataset
{
    public const string Parameter = "dataset";

    /// <summary>Its name as the caller wrote it; null where the route has none.</summary>
    public static string? NameOf(HttpContext http) => http.GetRouteValue(Parameter) as string;

    /// <summary>What is said of a dataset that is not there, and to whoever may not know that it is.</summary>
    public static string NotThere(string name) => $"There is no dataset {ShownText.Quote(name)}.";

    /// <summary>The scope to ask; null for a name that no dataset can have, which must wake no grain.</summary>
    public static string? ScopeOf(string name) => DatasetName.IsValid(name) ? name : null;
}
